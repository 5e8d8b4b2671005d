import { readUsage, type Tokens, UNKNOWN_TOKENS } from "./tokens";

/** What becomes of an event: it passes, it is left out, or a part of it is (`cutStart` to `cutEnd` of its reader). */
export const KEEP = 0;
export const DROP = 1;
export const CUT = 2;
export type Fate = typeof KEEP | typeof DROP | typeof CUT;

/** Reads one stream in one dialect, an event at a time, without making an object of any. */
export interface StreamReader {
  /** Looks at the event `text[start, end)`. Its bytes are the sender's again afterwards. */
  read(text: Buffer, start: number, end: number): Fate;
  cutStart: number;
  cutEnd: number;
  /** The pod said that it has finished; what comes after is no part of the answer. */
  isDone: boolean;
  /** The pod's own words about why it gave up, not yet cleaned; null while all is well. */
  podError: string | null;
  /** The tokens so far, exact if the pod has told them. */
  tokens(): Tokens;
}

/** Longer than what vLLM writes. */
const USUAL_BYTES = 256;

/** A copy of a few bytes, for which nothing is made anew as long as they fit. */
class Note {
  length = 0;
  private bytes = Buffer.allocUnsafe(USUAL_BYTES);

  /** Byte by byte: for a hundred bytes that is quicker than any call. */
  write(text: Buffer, start: number, end: number) {
    const length = end - start;
    if (length > this.bytes.length) this.bytes = Buffer.allocUnsafe(2 * length);
    const { bytes } = this;
    for (let i = 0; i < length; i += 1) bytes[i] = text[start + i] ?? 0;
    this.length = length;
  }

  toString() {
    return this.bytes.toString("latin1", 0, this.length);
  }
}

/** The latest `usage` object of a stream, parsed only when somebody asks. */
export class UsageMark {
  private latest: Note | null = null;
  private before: Note | null = null;

  /** Remembers a newer object: a stream's numbers only grow, so the last one counts. */
  set(text: Buffer, start: number, end: number) {
    const note = this.before ?? new Note();
    note.write(text, start, end);
    this.before = this.latest;
    this.latest = note;
  }

  /** What the pod said last; `estimated` if that was out of range and the word before is used; null if neither can be. */
  read(): Tokens | null {
    const latest = parseUsage(this.latest);
    if (latest !== null) return latest;
    const before = parseUsage(this.before);
    return before && { ...before, source: "estimated" };
  }
}

function parseUsage(note: Note | null) {
  if (note === null) return null;
  try {
    return readUsage(JSON.parse(note.toString()));
  } catch {
    return null;
  }
}

/** Tokens of a stream whose pod never told: one for each piece of text that came, beside an estimated prompt. */
export function countedTokens(promptEstimate: number, pieces: number): Tokens {
  if (pieces === 0 && promptEstimate === 0) return UNKNOWN_TOKENS;
  return { prompt: promptEstimate, cached: 0, completion: pieces, source: "estimated" };
}

/** The message inside an error event's JSON, whichever of the known shapes it has. */
export function messageOf(payload: string): string {
  try {
    const value = JSON.parse(payload) as { message?: unknown; error?: unknown };
    const inner =
      value.error !== null && typeof value.error === "object" ? (value.error as { message?: unknown }) : value;
    return typeof inner.message === "string" ? inner.message : "";
  } catch {
    return "";
  }
}
