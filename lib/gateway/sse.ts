const LF = 0x0a;
const CR = 0x0d;
const BLANK_LINE = Buffer.from("\n\n");

/** One event may not grow beyond this, or a pod could fill the memory with a line that never ends. */
export const LARGEST_EVENT_BYTES = 8 * 1024 * 1024;

/** A single event is larger than {@link LARGEST_EVENT_BYTES}. */
export class EventTooLarge extends Error {
  override readonly name = "EventTooLarge";
}

/**
 * Cuts a byte stream into server-sent events, wherever the network split it and whatever ends its lines (LF, CR, CRLF).
 * Complete events are handed on as ranges of a buffer, without a copy while nothing is carried over from the chunk before.
 * A chunk is the sender's again once it was dealt with.
 */
export class EventSplitter {
  private carried: Buffer[] = [];
  private carriedBytes = 0;
  private usesCarriageReturns = false;

  /**
   * Takes a chunk and returns a buffer that begins at an event's first byte, or null while no event can be complete.
   * Follow with {@link endOfEvent} until it finds none, then {@link keep} the rest.
   */
  take(chunk: Buffer): Buffer | null {
    if (!this.usesCarriageReturns && chunk.includes(CR)) this.usesCarriageReturns = true;
    if (this.carriedBytes === 0) return chunk;
    if (!chunk.includes(LF) && !chunk.includes(CR)) {
      this.keep(chunk);
      return null;
    }
    const joined = Buffer.concat([...this.carried, chunk], this.carriedBytes + chunk.length);
    this.carried = [];
    this.carriedBytes = 0;
    return joined;
  }

  /** The index after the blank line that ends the event at `from`, or -1 if it is not complete. */
  endOfEvent(text: Buffer, from: number): number {
    if (this.usesCarriageReturns) return endOfMixedEvent(text, from);
    const blank = text.indexOf(BLANK_LINE, from);
    return blank === -1 ? -1 : blank + 2;
  }

  /** Carries an incomplete event over to the next chunk, as a copy. Throws {@link EventTooLarge}. */
  keep(rest: Buffer) {
    if (rest.length === 0) return;
    this.carried.push(Buffer.from(rest));
    this.carriedBytes += rest.length;
    if (this.carriedBytes > LARGEST_EVENT_BYTES) throw new EventTooLarge(`more than ${LARGEST_EVENT_BYTES} bytes`);
  }

  /** What was left when the stream ended: not an event, for its blank line never came. */
  rest(): Buffer {
    return Buffer.concat(this.carried, this.carriedBytes);
  }
}

/** Line by line: a blank line is a line end right after a line end, and CRLF counts once. */
function endOfMixedEvent(text: Buffer, from: number) {
  let isLineEmpty = true;
  let endsInBareReturn = false;
  let at = from;
  // Line ends left over from the event before (CR here, LF in the next chunk) open the next event.
  while (text[at] === LF || text[at] === CR) at += 1;
  for (; at < text.length; at += 1) {
    const byte = text[at];
    if (byte !== LF && byte !== CR) {
      isLineEmpty = false;
      continue;
    }
    const next = byte === CR && text[at + 1] === LF ? at + 1 : at;
    if (isLineEmpty) {
      // The last byte may be half of a CRLF: handed on torn, readers that look for whole blank lines would miss the event.
      // A sender of bare CRs, which showed at the line before, sends no other half.
      return byte === CR && at === text.length - 1 && !endsInBareReturn ? -1 : next + 1;
    }
    isLineEmpty = true;
    endsInBareReturn = byte === CR && next === at;
    at = next;
  }
  return -1;
}

/** An event of our own making, as bytes: `data: {…}` with the optional name that Anthropic's clients switch on. */
export function encodeEvent(data: unknown, name?: string): Buffer {
  return Buffer.from(`${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`);
}
