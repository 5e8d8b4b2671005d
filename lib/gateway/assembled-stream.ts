import { type Assembler, UnreadableEvent } from "./assembly";
import { EventSplitter } from "./sse";
import type { StreamReader } from "./stream-reader";

const DATA = Buffer.from("data:");
const OPEN_BRACE = 0x7b;
const LF = 0x0a;
const CR = 0x0d;
const DONE_WITHOUT_BLANK_LINE = /^\s*data: ?\[DONE\]\s*$/;

/** The whole answer would be larger than one may be. */
export class AnswerTooLarge extends Error {
  override readonly name = "AnswerTooLarge";
}

/**
 * Reads a pod's stream to its end and makes one answer of it. The tokens are counted by the reader of streams, so that
 * they are exact at whichever point the stream breaks.
 */
export class AssembledStream {
  readonly reader: StreamReader;
  private readonly splitter = new EventSplitter();
  private readonly assembler: Assembler;
  private readonly most: number;
  private error: Buffer | null = null;

  constructor(reader: StreamReader, assembler: Assembler, most: number) {
    this.reader = reader;
    this.assembler = assembler;
    this.most = most;
  }

  /** Throws `EventTooLarge`, {@link AnswerTooLarge} or {@link UnreadableEvent}. */
  push(chunk: Buffer) {
    const { reader, splitter } = this;
    if (reader.isDone || reader.podError !== null) return;
    const text = splitter.take(chunk);
    if (text === null) return;
    let from = 0;
    for (let end = splitter.endOfEvent(text, 0); end !== -1; end = splitter.endOfEvent(text, from)) {
      this.take(text, from, end);
      from = end;
      if (reader.isDone || reader.podError !== null) return;
    }
    splitter.keep(text.subarray(from));
  }

  /** What the pod said where it gave up, and the status it would have answered with. */
  get podError(): { status: number; body: Buffer } | null {
    if (this.reader.podError === null) return null;
    return { status: statusIn(this.error), body: this.error ?? Buffer.alloc(0) };
  }

  /** The whole answer, once the pod has closed the stream; null if it did so before the answer was complete. */
  finish(): Buffer | null {
    if (this.reader.podError !== null) return null;
    const isDone = this.reader.isDone || DONE_WITHOUT_BLANK_LINE.test(this.splitter.rest().toString("latin1"));
    return isDone ? this.assembler.finish() : null;
  }

  private take(text: Buffer, start: number, end: number) {
    this.reader.read(text, start, end);
    const payload = payloadOf(text, start, end);
    if (payload === null) return;
    if (this.reader.podError !== null) this.error = Buffer.from(payload);
    else this.assembler.take(payload);
    if (this.assembler.size > this.most) throw new AnswerTooLarge(`more than ${this.most} bytes`);
  }
}

/** An event's JSON; null for a comment, an end mark, or anything else that is no object. */
function payloadOf(text: Buffer, start: number, end: number): Buffer | null {
  for (let at = start; at < end; at = nextLine(text, at, end)) {
    if (text.compare(DATA, 0, DATA.length, at, Math.min(at + DATA.length, end)) !== 0) continue;
    let from = at + DATA.length;
    while (text[from] === 0x20) from += 1;
    return text[from] === OPEN_BRACE ? text.subarray(from, endOfLine(text, from, end)) : null;
  }
  return null;
}

function endOfLine(text: Buffer, from: number, end: number) {
  let at = from;
  while (at < end && text[at] !== LF && text[at] !== CR) at += 1;
  return at;
}

const nextLine = (text: Buffer, from: number, end: number) => endOfLine(text, from, end) + 1;

function statusIn(error: Buffer | null): number {
  try {
    const { error: inner } = JSON.parse(error?.toString("utf8") ?? "{}") as { error?: { code?: unknown } };
    const code = Number(inner?.code);
    return code >= 400 && code < 600 ? code : 500;
  } catch {
    return 500;
  }
}
