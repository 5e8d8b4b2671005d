import { BadAnswer } from "./answer-head";

const LF = 0x0a;
const CR = 0x0d;
const SEMICOLON = 0x3b;
/** Sixteen hexadecimal digits would overflow; no chunk is larger than this. */
const LARGEST_CHUNK = 0x7fff_ffff;
/** Extensions and trailers are read past, up to here. */
const MOST_BESIDE = 16 * 1024;

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER = 7;
const TRAILER_LF = 8;
const LAST_LF = 9;
const OVER = 10;

/** Takes the framing out of a chunked body (RFC 9112, section 7.1), wherever the network split it. */
export class ChunkedBody {
  private state = SIZE;
  /** Bytes of the chunk still to come; while its size is read, the size so far. */
  private left = 0;
  private digits = 0;
  private beside = 0;
  /** How many bytes of the last read belonged to the body's framing and content. */
  private taken = 0;

  /** The last chunk and what follows it have come. */
  get isOver() {
    return this.state === OVER;
  }

  /** Where the body ended in the last read. */
  get end() {
    return this.taken;
  }

  /**
   * The content of `bytes[from, …)`, which may be empty. It is put together in place: `bytes` holds nothing else of use
   * afterwards. Throws `BadAnswer`.
   */
  read(bytes: Buffer, from: number): Buffer {
    let at = from;
    let start = -1;
    let end = -1;
    const { length } = bytes;
    while (at < length && this.state !== OVER) {
      if (this.state === DATA) {
        const until = Math.min(length, at + this.left);
        if (start === -1) start = end = at;
        if (end !== at) bytes.copyWithin(end, at, until);
        end += until - at;
        this.left -= until - at;
        at = until;
        if (this.left === 0) this.state = DATA_CR;
      } else {
        this.step(bytes[at] ?? 0);
        at += 1;
      }
    }
    this.taken = at;
    return bytes.subarray(Math.max(start, 0), Math.max(end, 0));
  }

  private step(byte: number) {
    switch (this.state) {
      case SIZE:
        return this.readSize(byte);
      case EXTENSION:
        this.passBy();
        if (byte === CR) this.state = SIZE_LF;
        else if (byte === LF) throw malformed();
        return;
      case SIZE_LF:
        if (byte !== LF) throw malformed();
        this.state = this.left === 0 ? TRAILER_START : DATA;
        return;
      case DATA_CR:
        if (byte !== CR) throw malformed();
        this.state = DATA_LF;
        return;
      case DATA_LF:
        if (byte !== LF) throw malformed();
        this.state = SIZE;
        this.digits = 0;
        return;
      case TRAILER_START:
        this.passBy();
        this.state = byte === CR ? LAST_LF : TRAILER;
        return;
      case TRAILER:
        this.passBy();
        if (byte === CR) this.state = TRAILER_LF;
        return;
      case TRAILER_LF:
        this.state = byte === LF ? TRAILER_START : TRAILER;
        return;
      case LAST_LF:
        if (byte !== LF) throw malformed();
        this.state = OVER;
        return;
    }
  }

  private readSize(byte: number) {
    const digit = hexDigit(byte);
    if (digit !== -1) {
      this.left = this.digits === 0 ? digit : this.left * 16 + digit;
      this.digits += 1;
      if (this.left > LARGEST_CHUNK || this.digits > 16) throw malformed();
    } else if (this.digits === 0) throw malformed();
    else if (byte === CR) this.state = SIZE_LF;
    else if (byte === SEMICOLON || byte === 0x20 || byte === 0x09) this.state = EXTENSION;
    else throw malformed();
  }

  private passBy() {
    this.beside += 1;
    if (this.beside > MOST_BESIDE) throw new BadAnswer("its chunks carry too much beside their content");
  }
}

function malformed() {
  return new BadAnswer("a chunk is malformed");
}

function hexDigit(byte: number) {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
