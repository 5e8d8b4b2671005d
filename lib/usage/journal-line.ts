import { OUTCOMES, TOKEN_SOURCES, type UsageEvent } from "./event";
import { isRequestId, timeOf } from "./request-id";

/** Raised when a line changes its meaning; a segment of another version is left alone for the version that wrote it. */
const VERSION = 1;
const MARK = "podpass-journal";

const SEGMENT = /^\d{8}\.jsonl$/;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const outcomes: ReadonlySet<unknown> = new Set(OUTCOMES);
const tokenSources: ReadonlySet<unknown> = new Set(TOKEN_SOURCES);

/** Names sort in the order the segments were written. */
export function segmentName(number: number) {
  return `${String(number).padStart(8, "0")}.jsonl`;
}

export function isSegmentName(name: string) {
  return SEGMENT.test(name);
}

export function segmentNumber(name: string) {
  return Number.parseInt(name, 10);
}

/** A segment's first line: whose events follow, and in which format. */
export function encodeHeader(replicaId: string) {
  return `["${MARK}",${VERSION},"${replicaId}"]\n`;
}

/** The replica whose events a segment holds, or null where this version can't read it. */
export function decodeHeader(line: string): string | null {
  const [mark, version, replicaId] = parseArray(line);
  return mark === MARK && version === VERSION && isId(replicaId) ? replicaId : null;
}

/**
 * One event as one line, open and final alike, so that a final can be replayed without its open. Written by hand: it is
 * made twice a request, and `JSON.stringify` of the whole costs three times as much. Ids need no escaping.
 */
export function encodeLine(e: UsageEvent) {
  const pod = e.podId === null ? "null" : `"${e.podId}"`;
  const error = e.errorCode === null ? "null" : JSON.stringify(e.errorCode);
  return `["${e.requestId}","${e.keyId}","${e.secretId}","${e.memberId}",${pod},${quoted(e.model)},${quoted(e.route)},${e.streamed ? 1 : 0},${e.status},"${e.outcome}","${e.tokenSource}",${e.promptTokens},${e.cachedTokens},${e.completionTokens},${e.queueMs},${e.ttftMs},${e.durationMs},${error}]\n`;
}

/** JSON of a text; the few that there are look like this. */
function quoted(text: string | null) {
  return text !== null && /^[\w./:{} -]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** The event of a line, or null for what a crash left half-written. Never throws. */
export function decodeLine(line: string): UsageEvent | null {
  const fields = parseArray(line);
  if (fields.length !== 18) return null;
  const [requestId, keyId, secretId, memberId, podId, model, route, streamed, status, outcome, tokenSource] = fields;
  const [prompt, cached, completion, queueMs, ttftMs, durationMs, errorCode] = fields.slice(11);
  const isWhole =
    isId(requestId) &&
    isRequestId(requestId) &&
    [keyId, secretId, memberId].every(isId) &&
    (podId === null || isId(podId)) &&
    [model, errorCode].every((value) => value === null || typeof value === "string") &&
    typeof route === "string" &&
    outcomes.has(outcome) &&
    tokenSources.has(tokenSource) &&
    [prompt, cached, completion].every((value) => typeof value === "number") &&
    [status, queueMs, ttftMs, durationMs].every((value) => value === null || typeof value === "number");
  if (!isWhole) return null;
  return {
    requestId,
    atMs: timeOf(requestId),
    keyId,
    secretId,
    memberId,
    podId,
    model,
    route,
    streamed: streamed === 1,
    status,
    outcome,
    tokenSource,
    promptTokens: prompt,
    cachedTokens: cached,
    completionTokens: completion,
    queueMs,
    ttftMs,
    durationMs,
    errorCode,
  } as UsageEvent;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

function parseArray(line: string): unknown[] {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
