import { badRequest, missingField, wrongType } from "./errors";
import { type Body, isObject } from "./fields";
import { hashText } from "./seed";
import { countTokens, encode, SPECIAL } from "./tokenizer";

/** Tokens an image, a sound or a video stands for. */
const MEDIA_TOKENS = 256;

/**
 * A conversation as the model would see it. Each message costs its role, its content and four tokens around them; the
 * prompt for the answer costs three and the role `assistant`. Tools come first, as a system message of JSON.
 */
export type Prompt = { tokens: number; characters: number; seed: number; messages: readonly Rendered[]; media: number };

type Rendered = { role: string; content: string };

export function renderChat(messages: readonly unknown[], tools: unknown, generationPrompt = true): Prompt {
  if (messages.length === 0) {
    throw badRequest("Cannot apply chat template to an empty conversation. Provide at least one message.");
  }
  const rendered: Rendered[] = [];
  let media = 0;
  if (Array.isArray(tools) && tools.length > 0) rendered.push({ role: "system", content: JSON.stringify(tools) });
  for (const [at, message] of messages.entries()) {
    const { content, attachments } = contentOf(message, at);
    rendered.push({ role: roleOf(message, at), content });
    media += attachments;
  }
  let tokens = media * MEDIA_TOKENS + (generationPrompt ? 2 + countTokens("assistant") : 0);
  let characters = 0;
  let seed: number | undefined;
  for (const { role, content } of rendered) {
    tokens += countTokens(role) + countTokens(content) + 4;
    characters += content.length;
    seed = hashText(content, hashText(role, seed));
  }
  return { tokens, characters, seed: seed ?? 0, messages: rendered, media };
}

/** The same conversation as token ids; their number is `tokens` while no media is in it. */
export function encodeChat({ messages }: Prompt, generationPrompt = true): number[] {
  const ids: number[] = [];
  for (const { role, content } of messages) {
    ids.push(
      SPECIAL.messageStart,
      ...encode(role),
      ...encode("\n"),
      ...encode(content),
      SPECIAL.messageEnd,
      ...encode("\n"),
    );
  }
  if (generationPrompt) ids.push(SPECIAL.messageStart, ...encode("assistant"), ...encode("\n"));
  return ids;
}

/** The text a prefix cache compares. */
export const promptText = ({ messages }: Prompt) =>
  messages.map(({ role, content }) => `${role}\n${content}`).join("\n");

/** The last thing the user said. */
export const lastUserText = ({ messages }: Prompt) => messages.findLast(({ role }) => role === "user")?.content ?? "";

export const lastRole = ({ messages }: Prompt) => messages.at(-1)?.role;

/** Any role is taken, as by vLLM. */
function roleOf(message: unknown, at: number): string {
  if (!isObject(message)) throw wrongType(`messages.${at}`, "dict", message);
  if (message.role === undefined) throw missingField(`messages.${at}.role`, message);
  return String(message.role);
}

function contentOf(message: unknown, at: number): { content: string; attachments: number } {
  if (!isObject(message)) throw wrongType(`messages.${at}`, "dict", message);
  const { content, tool_calls: calls } = message;
  const called = Array.isArray(calls) && calls.length > 0 ? JSON.stringify(calls) : "";
  if (typeof content === "string") return { content: content + called, attachments: 0 };
  if (content === null || content === undefined) return { content: called, attachments: 0 };
  if (!Array.isArray(content)) throw wrongType(`messages.${at}.content`, "string", content);
  let text = "";
  let attachments = 0;
  for (const part of content as unknown[]) {
    const piece = partText(part);
    if (piece === undefined) attachments += 1;
    else text += piece;
  }
  return { content: text + called, attachments };
}

/** The text of one content part; undefined for media. */
function partText(part: unknown): string | undefined {
  if (typeof part === "string") return part;
  if (!isObject(part) || typeof part.type !== "string") throw badRequest("Missing 'type' field in multimodal part.");
  if (/image|audio|video|file/.test(part.type)) return undefined;
  return nestedText(part);
}

function nestedText(part: Body): string {
  for (const value of [part.text, part.refusal, part.thinking, part.content]) {
    if (typeof value === "string") return value;
    if (Array.isArray(value))
      return value.map((inner) => (isObject(inner) ? nestedText(inner) : String(inner))).join("");
  }
  return JSON.stringify(part);
}
