import { AppError } from "@/lib/errors";
import { type Assembler, UnreadableEvent } from "./assembly";
import { refusalFromPod, unusableAnswer } from "./pod-answer";
import { EventSplitter, EventTooLarge } from "./sse";
import type { StreamReader } from "./stream-reader";

const DATA = Buffer.from("data:");
const OPEN_BRACE = 0x7b;
const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);
const DONE_WITHOUT_BLANK_LINE = /^\s*data: ?\[DONE\]\s*$/;

/**
 * Reads a pod's stream to its end and makes one answer of it. The tokens are counted by the reader of streams, so that
 * they are exact at whichever point the stream breaks.
 */
export class AssembledStream {
  readonly reader: StreamReader;
  private readonly splitter = new EventSplitter();
  private readonly assembler: Assembler;
  private readonly most: number;

  constructor(reader: StreamReader, assembler: Assembler, most: number) {
    this.reader = reader;
    this.assembler = assembler;
    this.most = most;
  }

  /** Takes what came. Returns why there will be no answer, if that is clear now. */
  push(chunk: Buffer): AppError | null {
    try {
      return this.takeAll(chunk);
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** The whole answer once the pod has closed the stream, or why there is none. */
  finish(): Buffer | AppError {
    const isDone = this.reader.isDone || DONE_WITHOUT_BLANK_LINE.test(this.splitter.rest().toString("latin1"));
    if (!isDone) return new AppError("pod_error", "The pod broke off before its answer was complete.");
    try {
      return this.assembler.finish();
    } catch (error) {
      return refusalOf(error);
    }
  }

  private takeAll(chunk: Buffer): AppError | null {
    const { reader, splitter } = this;
    if (reader.isDone) return null;
    const text = splitter.take(chunk);
    if (text === null) return null;
    let from = 0;
    for (let end = splitter.endOfEvent(text, 0); end !== -1; end = splitter.endOfEvent(text, from)) {
      const refusal = this.take(text, from, end);
      if (refusal !== null || reader.isDone) return refusal;
      from = end;
    }
    splitter.keep(text.subarray(from));
    return null;
  }

  private take(text: Buffer, start: number, end: number): AppError | null {
    this.reader.read(text, start, end);
    const payload = payloadOf(text, start, end);
    // Where the pod gave up in mid-stream, a plain answer would have had the error's status.
    if (this.reader.podError !== null) return refusalFromPod(statusIn(payload), payload ?? NOTHING, null);
    if (payload !== null) this.assembler.take(payload);
    return this.assembler.size > this.most ? unusableAnswer("it is too large") : null;
  }
}

function refusalOf(error: unknown) {
  if (error instanceof EventTooLarge) return unusableAnswer("an event is too large");
  if (error instanceof UnreadableEvent) return unusableAnswer(error.message);
  throw error;
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
