/** Puts a stream's events together to the whole answer that the pod would have given to the same request. */
export interface Assembler {
  /** Takes one event's JSON, whose bytes are the sender's again afterwards. Throws {@link UnreadableEvent}. */
  take(payload: Buffer): void;
  /** The whole answer. To be called once, after the stream's own end mark. Throws if there is nothing to put together. */
  finish(): Buffer;
  /** About how many bytes the answer has so far. */
  readonly size: number;
}

/** What a piece and a choice take in memory besides their text: a pod that sends nothing else is bounded as well. */
export const BYTES_PER_PIECE = 48;
export const BYTES_PER_CHOICE = 1_024;

/** An event that is no part of any answer known. */
export class UnreadableEvent extends Error {
  override readonly name = "UnreadableEvent";
}

export type Fields = Readonly<Record<string, unknown>>;

/** An event's JSON as an object. Throws {@link UnreadableEvent}. */
export function objectIn(payload: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString("utf8"));
  } catch {
    throw new UnreadableEvent("not JSON");
  }
  if (!isFields(value)) throw new UnreadableEvent("not an object");
  return value;
}

export const isFields = (value: unknown): value is Fields =>
  value !== null && typeof value === "object" && !Array.isArray(value);

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** `null` for what is missing, as vLLM's whole answers have it. */
export const jsonOf = (value: unknown): string => JSON.stringify(value ?? null);
