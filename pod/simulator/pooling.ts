import { badRequest, engineBusy, engineDead, missingField, wrongType } from "./errors";
import type { Exchange } from "./exchange";
import { type Body, isObject, optionalInteger, readBody, readModel } from "./fields";
import { newId } from "./identity";
import { hashText, randomFrom } from "./seed";
import { countTokens, decode } from "./tokenizer";

const DIMENSIONS = 64;

const now = () => Math.floor(Date.now() / 1000);

/** Work without generated tokens: booked as a prompt, answered at once after the usual wait. */
function answer(exchange: Exchange, promptTokens: number, reply: () => unknown) {
  const { entry, pod } = exchange;
  entry.promptTokens = promptTokens;
  exchange.work = pod.engine.submit({
    lengths: [0],
    reasons: ["stop"],
    entry,
    prefillTokens: promptTokens,
    cachedTokens: 0,
    ttftMs: pod.options.ttftMs,
    intervalMs: 0,
    begin: () => undefined,
    advance: () => 0,
    finish: () => exchange.json(200, reply(), exchange.loadReport()),
    overflow: () => exchange.fail(engineBusy()),
    die: () => exchange.fail(engineDead()),
  });
}

function texts(body: Body, field: string): string[] {
  const value = body[field];
  if (value === undefined || value === null) throw missingField(field, body);
  const list = Array.isArray(value) && typeof value[0] !== "number" ? (value as unknown[]) : [value];
  return list.map((item) => {
    if (typeof item === "string") return item;
    if (Array.isArray(item)) return decode(item.filter((id) => typeof id === "number"));
    if (isObject(item) && typeof item.text === "string") return item.text;
    throw wrongType(field, "string", item);
  });
}

export function embeddings(exchange: Exchange) {
  const body = readBody(exchange);
  const model = readModel(exchange, body);
  const inputs = texts(body, "input");
  const dimensions = optionalInteger(body, "dimensions", 1) ?? DIMENSIONS;
  const base64 = body.encoding_format === "base64";
  const promptTokens = sum(inputs);
  answer(exchange, promptTokens, () => ({
    id: `embd-${newId()}`,
    object: "list",
    created: now(),
    model,
    data: inputs.map((input, index) => ({ index, object: "embedding", embedding: vector(input, dimensions, base64) })),
    usage: pooledUsage(promptTokens),
  }));
}

/** A unit vector that depends on the text alone. */
function vector(text: string, dimensions: number, base64: boolean): number[] | string {
  const random = randomFrom(hashText(text));
  const raw = Array.from({ length: dimensions }, () => random() * 2 - 1);
  const length = Math.hypot(...raw) || 1;
  const unit = Float32Array.from(raw, (value) => value / length);
  return base64 ? Buffer.from(unit.buffer).toString("base64") : [...unit];
}

export function rerank(exchange: Exchange) {
  const body = readBody(exchange);
  const model = readModel(exchange, body);
  const [query = ""] = texts(body, "query");
  const documents = texts(body, "documents");
  const top = optionalInteger(body, "top_n", 0) || documents.length;
  const promptTokens = sum(documents) + documents.length * countTokens(query);
  answer(exchange, promptTokens, () => ({
    id: `rerank-${newId()}`,
    model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    results: documents
      .map((text, index) => ({ index, document: { text, multi_modal: null }, relevance_score: likeness(query, text) }))
      .sort((left, right) => right.relevance_score - left.relevance_score)
      .slice(0, top),
  }));
}

export function score(exchange: Exchange) {
  const body = readBody(exchange);
  const model = readModel(exchange, body);
  const [left, right] = scorePairs(body);
  const promptTokens = sum(right) + (left.length === 1 ? right.length * sum(left) : sum(left));
  answer(exchange, promptTokens, () => ({
    id: `score-${newId()}`,
    object: "list",
    created: now(),
    model,
    data: right.map((text, index) => ({ index, object: "score", score: likeness(left[index] ?? left[0] ?? "", text) })),
    usage: pooledUsage(promptTokens),
  }));
}

function scorePairs(body: Body): [string[], string[]] {
  const names = [
    ["queries", "documents"],
    ["queries", "items"],
    ["data_1", "data_2"],
    ["text_1", "text_2"],
  ] as const;
  const [first, second] = names.find(([one, two]) => body[one] !== undefined && body[two] !== undefined) ?? [
    "text_1",
    "text_2",
  ];
  const [left, right] = [texts(body, first), texts(body, second)];
  if (left.length > 1 && left.length !== right.length) throw badRequest("Input lengths must be either 1:1, 1:N or N:N");
  return [left, right];
}

/** Shared words count, and the texts decide the rest. Between 0 and 1. */
function likeness(left: string, right: string): number {
  const words = new Set(left.toLowerCase().match(/\w+/g) ?? []);
  const others = right.toLowerCase().match(/\w+/g) ?? [];
  const shared = others.filter((word) => words.has(word)).length / Math.max(1, others.length);
  return Number((shared * 0.8 + randomFrom(hashText(right, hashText(left)))() * 0.2).toFixed(6));
}

const sum = (list: readonly string[]) => list.reduce((total, text) => total + Math.max(1, countTokens(text)), 0);

const pooledUsage = (promptTokens: number) => ({
  prompt_tokens: promptTokens,
  total_tokens: promptTokens,
  completion_tokens: 0,
  prompt_tokens_details: null,
  completion_tokens_details: null,
});
