import { REQUIRED, ruleFor } from "@/lib/gateway/request-rules";
import type { Kind } from "@/lib/gateway/routes";

type Schema = Readonly<Record<string, unknown>>;

const text = { type: "string" };
const flag = { type: "boolean" };
const whole = { type: "integer" };
const number = { type: "number" };
const object = { type: "object" };
const list = { type: "array", items: {} };
const texts = { type: "array", items: text };
const textOrTexts = { anyOf: [text, texts] };
const textOrList = { anyOf: [text, list] };
const textOrObject = { anyOf: [text, object] };
const messages = {
  type: "array",
  minItems: 1,
  items: {
    type: "object",
    required: ["role"],
    properties: { role: text, content: { anyOf: [text, list, { type: "null" }] } },
  },
};

const sampling = {
  temperature: number,
  top_p: number,
  top_k: whole,
  min_p: number,
  presence_penalty: number,
  frequency_penalty: number,
  repetition_penalty: number,
  seed: whole,
  stop: textOrTexts,
  stop_token_ids: { type: "array", items: whole },
  logit_bias: object,
  ignore_eos: flag,
};

const streaming = { stream: flag, stream_options: object };
const structured = { structured_outputs: object, guided_regex: text, guided_grammar: text, guided_choice: texts };

/** What people mostly send, by the kind of route. Other fields pass as well: the document says so once. */
export const FIELDS: Readonly<Partial<Record<Kind, Readonly<Record<string, Schema>>>>> = {
  chat: {
    messages,
    ...streaming,
    max_tokens: whole,
    max_completion_tokens: whole,
    n: whole,
    tools: list,
    tool_choice: textOrObject,
    parallel_tool_calls: flag,
    response_format: object,
    ...structured,
    reasoning_effort: text,
    chat_template_kwargs: object,
    logprobs: flag,
    top_logprobs: whole,
    user: text,
    ...sampling,
  },
  completions: {
    prompt: textOrList,
    ...streaming,
    max_tokens: whole,
    n: whole,
    best_of: whole,
    echo: flag,
    suffix: text,
    logprobs: whole,
    prompt_logprobs: whole,
    ...structured,
    user: text,
    ...sampling,
  },
  responses: {
    input: textOrList,
    instructions: text,
    stream: flag,
    max_output_tokens: whole,
    tools: list,
    tool_choice: textOrObject,
    text: object,
    reasoning: object,
    temperature: number,
    top_p: number,
    user: text,
  },
  messages: {
    messages,
    system: textOrList,
    max_tokens: whole,
    stream: flag,
    tools: list,
    tool_choice: object,
    thinking: object,
    stop_sequences: texts,
    temperature: number,
    top_p: number,
    top_k: whole,
  },
  count_tokens: { messages, system: textOrList, tools: list },
  embeddings: { input: textOrList, dimensions: whole, encoding_format: text, user: text },
  rerank: { query: text, documents: list, top_n: whole },
  score: { text_1: textOrTexts, text_2: textOrTexts },
  audio: { language: text, prompt: text, response_format: text, temperature: number, stream: flag },
  tokenize: { prompt: text, messages, add_special_tokens: flag, add_generation_prompt: flag, return_token_strs: flag },
  detokenize: { tokens: { type: "array", items: whole } },
};

const NAMES: Readonly<Partial<Record<Kind, string>>> = {
  chat: "ChatRequest",
  completions: "CompletionRequest",
  responses: "ResponsesRequest",
  messages: "MessagesRequest",
  count_tokens: "CountTokensRequest",
  embeddings: "EmbeddingsRequest",
  rerank: "RerankRequest",
  score: "ScoreRequest",
  audio: "AudioRequest",
  tokenize: "TokenizeRequest",
  detokenize: "DetokenizeRequest",
};

/** Where a kind's request body is described; null for routes that take none. */
export function requestSchemaOf(kind: Kind): { $ref: string } | null {
  const name = NAMES[kind];
  return name === undefined ? null : { $ref: `#/components/schemas/${name}` };
}

export const REQUEST_SCHEMAS: Readonly<Record<string, Schema>> = Object.fromEntries(
  Object.entries(NAMES).map(([kind, name]) => [name, schemaOf(kind as Kind)]),
);

function schemaOf(kind: Kind): Schema {
  const fields = Object.entries(FIELDS[kind] ?? {}).map(([field, schema]) => [field, bounded(kind, field, schema)]);
  // What an upload is called is the form's business, so no rule knows it.
  const file = kind === "audio" ? { file: { type: "string", format: "binary", description: "The audio." } } : {};
  return {
    type: "object",
    required: ["model", ...Object.keys(file), ...(REQUIRED[kind] ?? [])],
    properties: {
      model: { type: "string", minLength: 1, maxLength: 256, description: "One of GET /v1/models." },
      ...file,
      ...Object.fromEntries(fields),
    },
    additionalProperties: true,
  };
}

/** A field's shape with what the rule table makes of it: its bounds, and what has to be switched on for it. */
function bounded(kind: Kind, field: string, schema: Schema): Schema {
  const rule = ruleFor(kind, field);
  if (rule?.rule === "switched") {
    return { ...schema, description: `Only where an admin allows it on the pod: it ${rule.why}.` };
  }
  if (rule?.rule === "schema") return { ...schema, description: "Limited in size and depth." };
  if (rule?.rule !== "capped" || rule.check.range === undefined || schema.type !== "integer") return schema;
  return { ...schema, minimum: rule.check.range.least, maximum: rule.check.range.most };
}
