import { badRequest, invalidBody, missingField, unknownModel, wrongType } from "./errors";
import type { Exchange } from "./exchange";
import { modelOf } from "./pod";

export type Body = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Body =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The JSON object of a request, or vLLM's refusal. */
export function readBody(exchange: Exchange): Body {
  const type = exchange.req.headers["content-type"];
  if (type?.split(";", 1)[0]?.trim().toLowerCase() !== "application/json") {
    throw invalidBody("Unsupported Media Type: Only 'application/json' is allowed");
  }
  let value: unknown;
  try {
    value = JSON.parse(exchange.body);
  } catch {
    throw invalidBody(
      "{'type': 'json_invalid', 'loc': 'body.0', 'msg': 'JSON decode error', 'input': '<dict of 0 items>'}",
      "body.0",
    );
  }
  if (!isObject(value)) throw wrongType("", "dict");
  return value;
}

/** The model to answer as; 404 for one that is not served. Naming none is allowed. */
export function readModel(exchange: Exchange, body: Body): string {
  const { model } = body;
  if (model === undefined || model === null || model === "") return modelOf(exchange.pod);
  if (typeof model !== "string") throw wrongType("model", "string");
  if (!exchange.pod.options.models.includes(model)) throw unknownModel(model);
  return model;
}

export function optionalNumber(body: Body, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw wrongType(field, "number");
  return value;
}

export function optionalInteger(body: Body, field: string, least?: number): number | undefined {
  const value = optionalNumber(body, field);
  if (value === undefined) return undefined;
  if (!Number.isInteger(value)) throw wrongType(field, "integer");
  if (least !== undefined && value < least)
    throw badRequest(`${field} must be at least ${least}, got ${value}.`, field);
  return value;
}

export function flag(body: Body, field: string): boolean {
  const value = body[field];
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw wrongType(field, "boolean");
  return value;
}

export function stringList(body: Body, field: string): string[] {
  const value = body[field];
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [value];
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) throw wrongType(field, "list");
  return value as string[];
}

export function requiredList(body: Body, field: string): unknown[] {
  const value = body[field];
  if (value === undefined) throw missingField(field);
  if (!Array.isArray(value)) throw wrongType(field, "list");
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

/** The sampling fields that change what the simulator does, and refusals for the ones vLLM refuses. */
export function readSampling(body: Body): Sampling {
  const temperature = optionalNumber(body, "temperature");
  if (temperature !== undefined && temperature < 0) {
    throw badRequest(`temperature must be non-negative, got ${temperature}.`, "temperature");
  }
  const topP = optionalNumber(body, "top_p");
  if (topP !== undefined && (topP <= 0 || topP > 1)) throw badRequest(`top_p must be in (0, 1], got ${topP}.`, "top_p");
  if ((optionalInteger(body, "priority") ?? 0) !== 0) {
    throw badRequest("Got priority but Priority scheduling is not enabled.");
  }
  return {
    n: optionalInteger(body, "n", 1) ?? 1,
    seed: optionalInteger(body, "seed") ?? 0,
    stop: stringList(body, "stop").filter((text) => text !== ""),
    keepStop: flag(body, "include_stop_str_in_output"),
    minTokens: optionalInteger(body, "min_tokens", 0) ?? 0,
    ignoreEnd: flag(body, "ignore_eos"),
  };
}

export type StreamWish = { streamed: boolean; usage: boolean; continuous: boolean };

/** Whether to stream, and which usage to put into the stream. */
export function readStream(exchange: Exchange, body: Body): StreamWish {
  const streamed = flag(body, "stream");
  const wish = body.stream_options;
  if (wish !== undefined && wish !== null) {
    if (!isObject(wish)) throw wrongType("stream_options", "dict");
    if (!streamed) throw badRequest("Stream options can only be defined when `stream=True`.", "stream_options");
  }
  const options = isObject(wish) ? wish : {};
  const forced = exchange.pod.options.forceIncludeUsage;
  const { quirks } = exchange.failing;
  const usage = (forced || options.include_usage === true) && !quirks?.["no-usage"];
  const continuous = usage && (forced || options.continuous_usage_stats === true) && !quirks?.["late-usage-only"];
  return { streamed, usage, continuous };
}

/** How many tokens may be written, given the window and what was asked for. */
export function tokenLimit(exchange: Exchange, promptTokens: number, asked: number | undefined): number {
  const { maxModelLen } = exchange.pod.options;
  const room = maxModelLen - promptTokens;
  if (room <= 0) {
    throw badRequest(
      `This model's maximum context length is ${maxModelLen} tokens. However, your request has ${promptTokens} input tokens. ` +
        "Please reduce the length of the input messages.",
      "input_tokens",
    );
  }
  if (asked !== undefined && asked > room) {
    throw badRequest(
      `'max_tokens' or 'max_completion_tokens' is too large: ${asked}. This model's maximum context length is ${maxModelLen} ` +
        `tokens and your request has ${promptTokens} input tokens (${asked} > ${maxModelLen} - ${promptTokens}).`,
      "max_tokens",
    );
  }
  return asked ?? room;
}
