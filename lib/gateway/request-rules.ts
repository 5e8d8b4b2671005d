import type { Kind } from "./routes";

/** A switch that an admin sets on a pod: what needs it is refused where no pod in question has it on. */
export type PodSwitch = "patterns" | "remoteMedia";

/** Null if a value is fine, otherwise the sentence for the caller, without the field's name in front. */
type Check = {
  (value: unknown, body: Readonly<Record<string, unknown>>): string | null;
  /** The whole numbers it lets through, where that is all it looks at. */
  range?: { least: number; most: number };
};

export type Rule =
  /** Never reaches a pod, whatever the policy says. */
  | { rule: "never"; why: string }
  /** Passes within bounds. */
  | { rule: "capped"; check: Check; why: string }
  /** Passes where the pod's switch is on. */
  | { rule: "switched"; by: PodSwitch; why: string }
  /** Holds a JSON schema: limited in size and depth, its patterns are switched. */
  | { rule: "schema"; why: string }
  /** Known and passed as it is. */
  | { rule: "passed" };

const PASSED: Rule = { rule: "passed" };

const never = (why: string): Rule => ({ rule: "never", why });
const capped = (check: Check, why: string): Rule => ({ rule: "capped", check, why });

/** A whole number in a range; null counts as not given, as in OpenAI's schema. */
const wholeBetween = (least: number, most: number): Check => {
  const check = (value: unknown) =>
    value === null || (Number.isInteger(value) && Number(value) >= least && Number(value) <= most)
      ? null
      : `must be a whole number from ${least} to ${most}.`;
  return Object.assign(check, { range: { least, most } });
};

const isFlag: Check = (value) => (value === null || typeof value === "boolean" ? null : "must be true or false.");

const isText: Check = (value) => (value === null || typeof value === "string" ? null : "must be a string.");

/** No model has a longer context; a larger number only asks for trouble. */
const MOST_TOKENS = 1_000_000;
const MOST_ANSWERS = 16;
const MOST_LOGPROBS = 20;
const MOST_MESSAGES = 4_096;
const ROLES = new Set(["system", "developer", "user", "assistant", "tool", "function"]);

const multiplies = "multiplies the work of one request";
const outputCap = capped(wholeBetween(1, MOST_TOKENS), "bounds the work of one request");
const routing = "routes or identifies requests inside the pod, which is Podpass' business";
const elsewhere = "would send the request, or the pod's key, somewhere else";
const template = "runs a template on the pod";
const multimodal = "reaches into the decoding of media on the pod";
const compiled = "compiles a pattern on the pod, which can take for ever";

const oneOutputCap: Check = (value, body) => {
  const other = body.max_tokens;
  const conflicts = typeof other === "number" && typeof value === "number" && other !== value;
  return conflicts ? "contradicts max_tokens. Send one of them." : wholeBetween(1, MOST_TOKENS)(value, body);
};

const logprobs: Check = (value, body) =>
  typeof value === "boolean" ? null : wholeBetween(0, MOST_LOGPROBS)(value, body);

const conversation: Check = (value) => {
  if (!Array.isArray(value) || value.length === 0) return "must be a list with at least one message.";
  if (value.length > MOST_MESSAGES) return `must have at most ${MOST_MESSAGES} messages.`;
  for (const message of value) {
    const role = message !== null && typeof message === "object" ? (message as { role?: unknown }).role : undefined;
    if (typeof role !== "string" || !ROLES.has(role))
      return `must hold messages whose role is one of ${[...ROLES].join(", ")}.`;
  }
  return null;
};

const templateArguments: Check = (value) => {
  if (value === null) return null;
  const isObject = typeof value === "object" && !Array.isArray(value);
  const areScalars = isObject && Object.values(value).every((entry) => entry === null || typeof entry !== "object");
  return areScalars ? null : "must be an object of plain values.";
};

const streamOptions: Check = (value, body) => {
  if (value === null) return null;
  if (typeof value !== "object" || Array.isArray(value)) return "must be an object.";
  const { include_usage: include, continuous_usage_stats: continuous } = value as Record<string, unknown>;
  return isFlag(include ?? null, body) ?? isFlag(continuous ?? null, body);
};

/** Fields with one meaning on every route. */
const EVERYWHERE: Readonly<Record<string, Rule>> = {
  stream: capped(isFlag, "decides the form of the answer"),
  stream_options: capped(streamOptions, "Podpass adds to it"),
  user: capped(isText, "a label, never a key of anything"),
  n: capped(wholeBetween(1, MOST_ANSWERS), multiplies),
  best_of: capped(wholeBetween(1, MOST_ANSWERS), multiplies),
  logprobs: capped(logprobs, multiplies),
  top_logprobs: capped(wholeBetween(0, MOST_LOGPROBS), multiplies),
  prompt_logprobs: capped(wholeBetween(0, MOST_LOGPROBS), multiplies),
  max_tokens: outputCap,
  max_completion_tokens: capped(oneOutputCap, "bounds the work of one request"),
  max_output_tokens: outputCap,
  min_tokens: capped(wholeBetween(0, MOST_TOKENS), "keeps a request running"),
  chat_template_kwargs: capped(templateArguments, "thinking switches of many models; only plain values are harmless"),

  tools: { rule: "schema", why: "tool parameters are JSON schemas" },
  functions: { rule: "schema", why: "the older name of tools" },
  response_format: { rule: "schema", why: "structured output" },
  text: { rule: "schema", why: "structured output of the Responses API" },
  structured_outputs: { rule: "schema", why: "vLLM's structured output" },
  guided_json: { rule: "schema", why: "vLLM's structured output, older spelling" },
  guided_regex: { rule: "switched", by: "patterns", why: compiled },
  guided_grammar: { rule: "switched", by: "patterns", why: compiled },
  guided_whitespace_pattern: { rule: "switched", by: "patterns", why: compiled },
  guided_choice: PASSED,

  priority: never(routing),
  request_id: never(routing),
  cache_salt: never(routing),
  data_parallel_rank: never(routing),
  kv_transfer_params: never(routing),
  ec_transfer_params: never(routing),
  vllm_xargs: never(routing),
  use_beam_search: never(multiplies),
  logits_processors: never("names code to run on the pod"),
  guided_decoding_backend: never("chooses code to run on the pod"),
  logprob_token_ids: never("has crashed engines"),
  chat_template: never(template),
  prompt_embeds: never("tensors are deserialised on the pod"),
  media_io_kwargs: never(multimodal),
  mm_processor_kwargs: never(multimodal),
  api_base: never(elsewhere),
  base_url: never(elsewhere),
  api_key: never(elsewhere),
  custom_host: never(elsewhere),
  headers: never(elsewhere),
  extra_headers: never(elsewhere),
  extra_body: never(elsewhere),
  extra_query: never(elsewhere),
  url: never(elsewhere),
  user_config: never(elsewhere),
};

const CHAT: Readonly<Record<string, Rule>> = { messages: capped(conversation, "the prompt") };

const BY_KIND: Partial<Record<Kind, Readonly<Record<string, Rule>>>> = {
  chat: CHAT,
  messages: CHAT,
  count_tokens: CHAT,
};

/** Fields that must be there for a route to mean anything. */
export const REQUIRED: Partial<Record<Kind, readonly string[]>> = {
  chat: ["messages"],
  messages: ["messages"],
  count_tokens: ["messages"],
  completions: ["prompt"],
  responses: ["input"],
  embeddings: ["input"],
};

/** OpenAI's, Anthropic's and vLLM's documented fields that need no look: with "strict fields" only these and the rules' own pass. */
const DOCUMENTED = new Set(
  `model messages prompt input query documents text_1 text_2 tokens suffix echo frequency_penalty presence_penalty
  repetition_penalty length_penalty temperature top_p top_k min_p stop stop_token_ids stop_sequences ignore_eos seed
  logit_bias allowed_token_ids bad_words tool_choice parallel_tool_calls function_call metadata store service_tier
  modalities audio prediction verbosity web_search_options reasoning_effort reasoning include_reasoning thinking
  prompt_cache_key prompt_cache_retention safety_identifier system instructions include previous_response_id
  background conversation max_tool_calls truncation prompt_cache_options skip_special_tokens
  spaces_between_special_tokens include_stop_str_in_output truncate_prompt_tokens add_special_tokens
  add_generation_prompt continue_final_message return_token_ids return_tokens_as_token_ids return_token_strs
  detokenize min_tokens dimensions encoding_format normalize embed_dtype endianness top_n max_tokens_per_doc instruction
  output_config context_management container mcp_servers anthropic_version anthropic_beta language temperature
  response_format timestamp_granularities to_language repetition_detection`.split(/\s+/),
);

/** The rule for a field of a route, or null for one the table does not know. */
export function ruleFor(kind: Kind, field: string): Rule | null {
  const own = BY_KIND[kind];
  if (own !== undefined && Object.hasOwn(own, field)) return own[field] ?? null;
  if (Object.hasOwn(EVERYWHERE, field)) return EVERYWHERE[field] ?? null;
  return DOCUMENTED.has(field) ? PASSED : null;
}

/** The fields that never reach a pod, each with its reason: for the API's description. */
export const NEVER_FIELDS: readonly { field: string; why: string }[] = Object.entries(EVERYWHERE).flatMap(
  ([field, rule]) => (rule.rule === "never" ? [{ field, why: rule.why }] : []),
);
