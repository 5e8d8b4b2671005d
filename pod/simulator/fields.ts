import { isUtf8 } from "node:buffer";
import { badRequest, FrameworkError, invalidField, missingField, PodError, unknownModel, wrongType } from "./errors";
import type { Exchange } from "./exchange";
import { modelOf } from "./pod";
import { LONGEST_TOKEN } from "./tokenizer";

export type Body = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isMissing = (value: unknown) => value === undefined || value === null;

/** The JSON object of a request, or vLLM's refusal. */
export function readBody(exchange: Exchange): Body {
  const type = exchange.req.headers["content-type"];
  if (type?.split(";", 1)[0]?.trim().toLowerCase() !== "application/json") {
    const message = "1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed";
    throw new PodError(400, "Bad Request", message);
  }
  if (!isUtf8(exchange.raw)) throw new FrameworkError(400, "There was an error parsing the body");
  if (exchange.body === "") throw missingField("", undefined);
  const value = parse(exchange.body);
  if (value === null) throw missingField("", null);
  if (!isObject(value)) throw notAnObject("", value);
  return value;
}

const notAnObject = (field: string, input: unknown) =>
  invalidField(
    field,
    "model_attributes_type",
    "Input should be a valid dictionary or object to extract fields from",
    input,
  );

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw brokenJson(text, String(error));
  }
}

/** What Node says of broken JSON, and how Python says it. */
const BROKEN: readonly [RegExp, string][] = [
  [/property name/, "'Expecting property name enclosed in double quotes'"],
  [/Expected ':'/, `"Expecting ':' delimiter"`],
  [/Expected ','|end of JSON/, `"Expecting ',' delimiter"`],
  [/Unterminated string/, "'Unterminated string starting at'"],
  [/after JSON/, "'Extra data'"],
];

function brokenJson(text: string, said: string) {
  const at = /position (\d+)/.exec(said)?.[1] ?? (said.includes("end of JSON") ? text.length : 0);
  const reason = BROKEN.find(([pattern]) => pattern.test(said))?.[1] ?? "'Expecting value'";
  return invalidField(String(at), "json_invalid", "JSON decode error", {}, `, 'ctx': {'error': ${reason}}`);
}

/** The model to answer as; 404 for one that is not served. Naming none is allowed. */
export function readModel(exchange: Exchange, body: Body): string {
  const { model } = body;
  if (isMissing(model) || model === "") return modelOf(exchange.pod);
  if (typeof model !== "string") throw wrongType("model", "string", model);
  const { models } = exchange.pod.options;
  if (!models.includes(model)) throw unknownModel(model, models);
  return model;
}

/** A number; like vLLM, one in quotes too. */
export function optionalNumber(body: Body, field: string): number | undefined {
  const value = body[field];
  if (isMissing(value)) return undefined;
  if (typeof value === "number") return value;
  if (typeof value !== "string") throw wrongType(field, "number", value);
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isNaN(number)) {
    throw invalidField(
      field,
      "float_parsing",
      "Input should be a valid number, unable to parse string as a number",
      value,
    );
  }
  return number;
}

export function optionalInteger(body: Body, field: string, least?: number): number | undefined {
  const value = body[field];
  if (typeof value === "string" && !/^\s*[+-]?\d+\s*$/.test(value)) {
    const message = "Input should be a valid integer, unable to parse string as an integer";
    throw invalidField(field, "int_parsing", message, value);
  }
  const number = optionalNumber(body, field);
  if (number === undefined) return undefined;
  if (!Number.isInteger(number)) {
    throw invalidField(
      field,
      "int_from_float",
      "Input should be a valid integer, got a number with a fractional part",
      value,
    );
  }
  if (least !== undefined && number < least) {
    throw badRequest(`${field} must be at least ${least}, got ${number}.`, field, number);
  }
  return number;
}

const TRUE = ["true", "yes", "on", "1", "t", "y"];
const FALSE = ["false", "no", "off", "0", "f", "n"];

/** A boolean; like vLLM, its usual spellings too. Absent is false. */
export function flag(body: Body, field: string): boolean {
  const value = body[field];
  if (isMissing(value)) return false;
  if (typeof value === "boolean") return value;
  const text = String(value).toLowerCase();
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw invalidField(field, "bool_parsing", "Input should be a valid boolean, unable to interpret input", value);
}

export function stringList(body: Body, field: string): string[] {
  const value = body[field];
  if (isMissing(value)) return [];
  if (typeof value === "string") return [value];
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) throw wrongType(field, "list", value);
  return value as string[];
}

export function requiredList(body: Body, field: string): unknown[] {
  const value = body[field];
  if (value === undefined) throw missingField(field, body);
  if (!Array.isArray(value)) throw wrongType(field, "list", value);
  return value;
}

export type Sampling = {
  n: number;
  seed: number;
  stop: string[];
  keepStop: boolean;
  minTokens: number;
  ignoreEnd: boolean;
};

const MAX_N = 16_384;

/** The sampling fields that change what the simulator does, and refusals for the values vLLM refuses. */
export function readSampling(body: Body): Sampling {
  const temperature = optionalNumber(body, "temperature");
  if (temperature !== undefined && (temperature < 0 || temperature > 2)) {
    const rule = temperature < 0 ? "non-negative" : "in [0, 2]";
    throw badRequest(`temperature must be ${rule}, got ${float(temperature)}.`, "temperature", float(temperature));
  }
  const topP = optionalNumber(body, "top_p");
  if (topP !== undefined && (topP <= 0 || topP > 1)) {
    throw badRequest(`top_p must be in (0, 1], got ${float(topP)}.`, "top_p", float(topP));
  }
  const n = optionalInteger(body, "n") ?? 1;
  if (n < 1) throw badRequest(`n must be at least 1, got ${n}.`);
  if (n > MAX_N) {
    throw badRequest(
      `n must be at most ${MAX_N}, got ${n}. To increase this limit, set the VLLM_MAX_N_SEQUENCES environment variable.`,
    );
  }
  return {
    n,
    seed: optionalInteger(body, "seed") ?? 0,
    stop: stringList(body, "stop").filter((text) => text !== ""),
    keepStop: flag(body, "include_stop_str_in_output"),
    minTokens: optionalInteger(body, "min_tokens", 0) ?? 0,
    ignoreEnd: flag(body, "ignore_eos"),
  };
}

/** As Python prints it. */
const float = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value));

export type StreamWish = { streamed: boolean; usage: boolean; continuous: boolean };

/** Whether to stream, and which usage to put into the stream. */
export function readStream(exchange: Exchange, body: Body): StreamWish {
  const streamed = flag(body, "stream");
  const wish = body.stream_options;
  if (!isMissing(wish)) {
    if (!isObject(wish)) throw notAnObject("stream_options", wish);
    if (!streamed) throw badRequest("Stream options can only be defined when `stream=True`.", "stream_options");
  }
  const options = isObject(wish) ? wish : {};
  const forced = exchange.pod.options.forceIncludeUsage;
  const { quirks } = exchange.failing;
  const usage = (forced || flag(options, "include_usage")) && !quirks?.["no-usage"];
  const continuous = usage && (forced || flag(options, "continuous_usage_stats")) && !quirks?.["late-usage-only"];
  return { streamed, usage, continuous };
}

/** How many tokens may be written: what was asked for, and no more than the context has room for. */
export function tokenLimit(exchange: Exchange, promptTokens: number, asked: number | undefined, field = "max_tokens") {
  const { maxModelLen } = exchange.pod.options;
  if (asked !== undefined && asked > maxModelLen) {
    throw badRequest(
      `${field}=${asked} cannot be greater than max_model_len=${maxModelLen}. Please request fewer output tokens.`,
      field,
      asked,
    );
  }
  const room = maxModelLen - promptTokens;
  if (room <= 0) {
    // Counting stops where the answer is known.
    const least = maxModelLen + 1;
    throw badRequest(
      `This model's maximum context length is ${maxModelLen} tokens. However, your prompt contains at least ${least} input ` +
        "tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.",
      "input_tokens",
      least,
    );
  }
  return Math.min(asked ?? room, room);
}

/** Refuses a prompt so long that vLLM doesn't even count it: no token is longer than this. */
export function refuseHuge(exchange: Exchange, characters: number) {
  const { maxModelLen } = exchange.pod.options;
  const most = maxModelLen * LONGEST_TOKEN;
  if (characters <= most) return;
  throw badRequest(
    `This model's maximum context length is ${maxModelLen} tokens. However, your prompt contains ${characters} characters ` +
      `(more than ${most} characters, which is the upper bound for ${maxModelLen} input tokens). Please reduce the length ` +
      "of the input prompt.",
    "input_text",
    characters,
  );
}
