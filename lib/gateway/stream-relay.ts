import { EventSplitter } from "./sse";
import { CUT, KEEP, type StreamReader } from "./stream-reader";

const DONE_WITHOUT_BLANK_LINE = /^\s*data: ?\[DONE\]\s*$/;

/**
 * Bytes in, bytes out: whole events leave in the order and the moment they come, less what the reader takes out. They leave
 * as Latin-1, one character a byte: cutting and joining texts costs half of what it costs with buffers.
 */
export class StreamRelay {
  private readonly splitter = new EventSplitter();
  private readonly reader: StreamReader;

  constructor(reader: StreamReader) {
    this.reader = reader;
  }

  /** What may go to the client after this chunk; empty while no event is complete. Throws `EventTooLarge`. */
  push(chunk: Buffer): string {
    const { reader, splitter } = this;
    if (reader.isDone || reader.podError !== null) return "";
    const text = splitter.take(chunk);
    if (text === null) return "";

    let kept = "";
    let keptFrom = 0;
    let from = 0;
    while (from < text.length) {
      const end = splitter.endOfEvent(text, from);
      if (end === -1) break;
      const fate = reader.read(text, from, end);
      if (fate !== KEEP) {
        const cutStart = fate === CUT ? reader.cutStart : from;
        if (cutStart > keptFrom) kept += text.toString("latin1", keptFrom, cutStart);
        keptFrom = fate === CUT ? reader.cutEnd : end;
      }
      from = end;
      // What follows the end or an error is no part of the answer.
      if (reader.isDone || reader.podError !== null) return kept + text.toString("latin1", keptFrom, from);
    }
    if (from < text.length) splitter.keep(text.subarray(from));
    return kept + text.toString("latin1", keptFrom, from);
  }

  /** To be called when the pod has closed the stream: an end mark that lacks only its blank line still counts. */
  finish(): string {
    if (this.reader.isDone || !DONE_WITHOUT_BLANK_LINE.test(this.splitter.rest().toString("latin1"))) return "";
    this.reader.isDone = true;
    return "data: [DONE]\n\n";
  }
}
