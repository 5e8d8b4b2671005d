import { randomFillSync } from "node:crypto";

/** Fills an array with random bytes. */
export type RandomFill = (bytes: Uint8Array) => unknown;

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const HEX_DIGITS = "0123456789abcdef";
const COUNTERS = 0x1000;

/**
 * Makes UUIDv7s (RFC 9562) that only ever grow: a 12-bit counter follows the milliseconds, and a clock that stands still
 * or goes back is overtaken, never followed. 62 random bits close each id.
 */
export function createRequestIds(fill: RandomFill = randomFillSync) {
  const pool = new Uint8Array(8 * 256);
  let used = pool.length;
  let lastMs = 0;
  let counter = 0;
  let time = timeText(0);

  return function newRequestId(nowMs: number): string {
    if (used === pool.length) {
      fill(pool);
      used = 0;
    }
    const from = used;
    used += 8;
    const ms = Math.floor(nowMs);
    if (ms > lastMs) {
      lastMs = ms;
      counter = 0;
      time = timeText(ms);
    } else if (++counter === COUNTERS) {
      lastMs += 1;
      counter = 0;
      time = timeText(lastMs);
    }
    return time + rest(counter, pool, from);
  };
}

/** The time's digits with their dash, up to the version: the same for all ids of a millisecond. */
function timeText(ms: number) {
  const time = ms.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
}

function rest(counter: number, random: Uint8Array, from: number) {
  const hex = (index: number) => HEX[random[from + index] ?? 0] ?? "";
  const variant = HEX[((random[from] ?? 0) & 0x3f) | 0x80] ?? "";
  const serial = `${HEX_DIGITS[counter >> 8]}${HEX[counter & 0xff]}`;
  return `${serial}-${variant}${hex(1)}-${hex(2)}${hex(3)}${hex(4)}${hex(5)}${hex(6)}${hex(7)}`;
}

/** An id that no other request of any replica has, and larger than every one this process made before. */
export const newRequestId = createRequestIds();

/** True for the ids `newRequestId` makes, in their one spelling. */
export function isRequestId(text: string) {
  return SHAPE.test(text);
}

/** The Unix milliseconds inside a request id. */
export function timeOf(requestId: string) {
  return Number.parseInt(requestId.slice(0, 8) + requestId.slice(9, 13), 16);
}

/** The first id that a moment can have: for ranges of ids by time. */
export function firstRequestIdOf(ms: number) {
  return timeText(Math.max(0, Math.floor(ms))) + rest(0, new Uint8Array(8), 0);
}
