import { missingField, wrongType } from "./errors";
import type { Exchange } from "./exchange";
import { flag, readBody, readModel, requiredList } from "./fields";
import { encodeChat, renderChat } from "./prompt";
import { decode, encode } from "./tokenizer";

/** Counts as the generating routes count. */
export function tokenize(exchange: Exchange) {
  const body = readBody(exchange);
  readModel(exchange, body);
  const tokens = tokensOf(body);
  const texts = flag(body, "return_token_strs") ? tokens.map((id) => decode([id])) : null;
  exchange.json(200, {
    count: tokens.length,
    max_model_len: exchange.pod.options.maxModelLen,
    tokens,
    token_strs: texts,
  });
}

function tokensOf(body: Readonly<Record<string, unknown>>): number[] {
  if (body.messages === undefined) {
    if (body.prompt === undefined) throw missingField("prompt", body);
    if (typeof body.prompt !== "string") throw wrongType("prompt", "string", body.prompt);
    return encode(body.prompt);
  }
  const generationPrompt = body.add_generation_prompt !== false;
  return encodeChat(renderChat(requiredList(body, "messages"), body.tools, generationPrompt), generationPrompt);
}

export function detokenize(exchange: Exchange) {
  const body = readBody(exchange);
  readModel(exchange, body);
  const tokens = requiredList(body, "tokens");
  const wrong = tokens.findIndex((id) => typeof id !== "number");
  if (wrong >= 0) throw wrongType(`tokens.${wrong}`, "integer", tokens[wrong]);
  exchange.json(200, { prompt: decode(tokens as number[]) });
}
