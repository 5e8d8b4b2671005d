import { isUtf8 } from "node:buffer";
import { AppError } from "@/lib/errors";
import { type Span, type Splice, spliceObject, topLevelSpans } from "./json-spans";
import { inspectMedia } from "./media";
import type { UsageWish } from "./openai-stream";
import { outputEstimateOf } from "./output-estimate";
import { type PodSwitch, REQUIRED, type Rule, ruleFor } from "./request-rules";
import type { Kind } from "./routes";
import { inspectSchema, isShallowBody } from "./schema-limits";

/** A request body that may go to a pod. */
export type CheckedBody = {
  model: string;
  isStreamed: boolean;
  wish: UsageWish;
  /** The client's bytes, but for what Podpass had to set. */
  body: Buffer;
  /** Switches that a pod must have on, each with the field that asks for it. */
  needs: readonly { by: PodSwitch; param: string }[];
  /** A rough count of the prompt's tokens, for where nobody tells the real one. */
  promptEstimate: number;
  /** The most tokens its answer is expected to take: what the caller allows, and a guess where it allows anything. */
  outputEstimate: number;
  /** `n`: the choices of a stream are told one by one. */
  choicesPerPrompt: number;
};

type Body = Readonly<Record<string, unknown>>;

const LONGEST_MODEL_NAME = 256;
/** English text in most tokenizers; the estimate is marked as one wherever it is shown. */
const BYTES_PER_TOKEN = 4;

/**
 * Checks a JSON body against the rule table and adds what Podpass asks of every stream.
 * Throws `invalid_request` or `unsupported_parameter`, each naming the field at fault.
 */
export function checkJson(kind: Kind, bytes: Buffer, isStrict: boolean): CheckedBody {
  const body = parseObject(bytes);
  const spans = topLevelSpans(bytes);
  refuseDoubled(spans);
  const needs: { by: PodSwitch; param: string }[] = [];
  for (const span of spans) checkField(kind, span, body, isStrict, needs);
  for (const field of REQUIRED[kind] ?? []) {
    if (body[field] === undefined) throw invalid(field, "is missing.");
  }
  checkConversation(body, needs);

  const model = modelOf(body);
  const isStreamed = body.stream === true;
  const wish = wishOf(body.stream_options);
  return {
    model,
    isStreamed,
    wish,
    body: spliceObject(bytes, spans, splicesFor(kind, isStreamed, body)),
    needs,
    promptEstimate: Math.ceil(bytes.length / BYTES_PER_TOKEN),
    outputEstimate: outputEstimateOf(kind, body),
    choicesPerPrompt: typeof body.n === "number" && body.n >= 1 ? body.n : 1,
  };
}

function parseObject(bytes: Buffer): Body {
  const refusal = (cause?: unknown) =>
    new AppError("invalid_request", "The request body is not a JSON object.", { cause });
  if (!isUtf8(bytes)) throw refusal();
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw refusal(); // without the parser's words: they quote the body
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw refusal();
  if (!isShallowBody(body)) throw new AppError("invalid_request", "The request body is nested too deeply.");
  return body as Body;
}

/** Two values for one field would let one be checked and the other be used. */
function refuseDoubled(spans: readonly Span[]) {
  const seen = new Set<string>();
  for (const { key } of spans) {
    if (seen.has(key)) throw invalid(nameable(key), "appears more than once.");
    seen.add(key);
  }
}

function checkField(kind: Kind, span: Span, body: Body, isStrict: boolean, needs: { by: PodSwitch; param: string }[]) {
  const { key } = span;
  const rule = ruleFor(kind, key);
  if (rule === null) {
    if (isStrict)
      throw unsupported(nameable(key), "is not a field this API knows, and your team's policy allows no others.");
    return;
  }
  const problem = applyRule(rule, span, body, needs);
  if (problem !== null) throw invalid(key, problem);
}

function applyRule(
  rule: Rule,
  { key, valueStart, valueEnd }: Span,
  body: Body,
  needs: { by: PodSwitch; param: string }[],
) {
  switch (rule.rule) {
    case "never":
      throw unsupported(key, "is not available here.");
    case "capped":
      return rule.check(body[key], body);
    case "switched":
      if (body[key] !== null) needs.push({ by: rule.by, param: key });
      return null;
    case "schema": {
      const { problem, usesPatterns } = inspectSchema(body[key], valueEnd - valueStart);
      if (usesPatterns) needs.push({ by: "patterns", param: key });
      return problem;
    }
    case "passed":
      return null;
  }
}

function checkConversation(body: Body, needs: { by: PodSwitch; param: string }[]) {
  for (const field of ["messages", "input"] as const) {
    const value = body[field];
    if (value === null || typeof value !== "object") continue;
    const { problem, usesRemote } = inspectMedia(value);
    if (problem !== null) throw invalid(field, problem);
    if (usesRemote) needs.push({ by: "remoteMedia", param: field });
  }
}

/** The model's name; never repeated in an answer. */
export function modelOf({ model }: Body): string {
  if (model === undefined) throw invalid("model", "is missing.");
  if (typeof model !== "string" || model === "") throw invalid("model", "must be the name of a model.");
  if (model.length > LONGEST_MODEL_NAME) throw invalid("model", `must have at most ${LONGEST_MODEL_NAME} characters.`);
  return model;
}

function wishOf(options: unknown): UsageWish {
  const { include_usage: include, continuous_usage_stats: continuous } = (options ?? {}) as Record<string, unknown>;
  // vLLM's own meaning: the second counts only with the first.
  return { include: include === true, continuous: include === true && continuous === true };
}

/** With usage in every chunk, a stream that ends at any point has its exact count. */
function splicesFor(kind: Kind, isStreamed: boolean, body: Body): Splice[] {
  if (!isStreamed || (kind !== "chat" && kind !== "completions")) return [];
  const options = { ...(body.stream_options as object | null), include_usage: true, continuous_usage_stats: true };
  return [{ key: "stream_options", json: JSON.stringify(options) }];
}

/** A caller's own field name, safe to repeat. */
function nameable(key: string) {
  return /^[\w.-]{1,64}$/.test(key) ? key : "a field";
}

function invalid(param: string, problem: string) {
  return new AppError("invalid_request", `${param} ${problem}`, { param });
}

function unsupported(param: string, problem: string) {
  return new AppError("unsupported_parameter", `${param} ${problem}`, { param });
}
