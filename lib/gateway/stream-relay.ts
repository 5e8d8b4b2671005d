import { EventSplitter } from "./sse";
import { CUT, KEEP, type StreamReader } from "./stream-reader";

const NOTHING = Buffer.alloc(0);
const DONE_WITHOUT_BLANK_LINE = /^\s*data: ?\[DONE\]\s*$/;

/**
 * Bytes in, bytes out: whole events leave in the order and the moment they come, less what the reader takes out.
 * A chunk from which nothing is taken leaves without being copied.
 */
export class StreamRelay {
  private readonly splitter = new EventSplitter();
  private readonly reader: StreamReader;

  constructor(reader: StreamReader) {
    this.reader = reader;
  }

  /** What may go to the client after this chunk; empty while no event is complete. Throws `EventTooLarge`. */
  push(chunk: Buffer): Buffer {
    const { reader, splitter } = this;
    if (reader.isDone || reader.podError !== null) return NOTHING;
    const text = splitter.take(chunk);
    if (text === null) return NOTHING;

    const kept: Buffer[] = [];
    let keptFrom = 0;
    let from = 0;
    for (let end = splitter.endOfEvent(text, 0); end !== -1; end = splitter.endOfEvent(text, from)) {
      const fate = reader.read(text, from, end);
      if (fate !== KEEP) {
        const cutStart = fate === CUT ? reader.cutStart : from;
        if (cutStart > keptFrom) kept.push(text.subarray(keptFrom, cutStart));
        keptFrom = fate === CUT ? reader.cutEnd : end;
      }
      from = end;
      // What follows the end or an error is no part of the answer.
      if (reader.isDone || reader.podError !== null) return joined(kept, text.subarray(keptFrom, from));
    }
    splitter.keep(text.subarray(from));
    return joined(kept, text.subarray(keptFrom, from));
  }

  /** To be called when the pod has closed the stream: an end mark that lacks only its blank line still counts. */
  finish(): Buffer {
    if (this.reader.isDone || !DONE_WITHOUT_BLANK_LINE.test(this.splitter.rest().toString("latin1"))) return NOTHING;
    this.reader.isDone = true;
    return Buffer.from("data: [DONE]\n\n");
  }
}

function joined(kept: Buffer[], last: Buffer) {
  if (kept.length === 0) return last;
  if (last.length > 0) kept.push(last);
  return kept.length === 1 && kept[0] !== undefined ? kept[0] : Buffer.concat(kept);
}
