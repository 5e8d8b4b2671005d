import { isPlainValue } from "./request-head";

/** How an answer's body ends (RFC 9112, section 6.3): after so many bytes, with its last chunk, or with the connection. */
export type Framing = { by: "length"; bytes: number } | { by: "chunks" } | { by: "close" };

/** What is read of an answer's head. Header values as sent; null where there is none. */
export type AnswerHead = {
  status: number;
  framing: Framing;
  /** The connection may be used again once the body is over. */
  mayStay: boolean;
  /** Seconds for which the other side promises to keep an idle connection. */
  idleSeconds: number | null;
  contentType: string | null;
  contentEncoding: string | null;
  retryAfter: string | null;
};

/** What came is not an HTTP/1.1 answer, or one whose end two readers could see in different places. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer";
  readonly code = "POD_BAD_ANSWER";
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?$/;
const LENGTH = /^\d{1,15}$/;
const IDLE_SECONDS = /(?:^|[,;\s])timeout=(\d{1,6})/i;

/**
 * Reads a head: the text before the blank line, as Latin-1. Strict where two readers could disagree on where the answer
 * ends, deaf to every header that nobody here needs. Throws `BadAnswer`.
 */
export function readAnswerHead(head: string): AnswerHead {
  let lineEnd = endOfLine(head, 0);
  const [, minor, status] = STATUS_LINE.exec(head.slice(0, lineEnd)) ?? [];
  if (status === undefined) throw new BadAnswer("it does not begin with a status line");
  const read: AnswerHead = {
    status: Number(status),
    framing: { by: "close" },
    mayStay: minor === "1",
    idleSeconds: null,
    contentType: null,
    contentEncoding: null,
    retryAfter: null,
  };
  let length: string | null = null;
  let encoding: string | null = null;
  while (lineEnd < head.length) {
    const start = lineEnd + 2;
    lineEnd = endOfLine(head, start);
    const colon = head.indexOf(":", start);
    if (colon === -1 || colon > lineEnd || colon === start) throw new BadAnswer("a header line is malformed");
    // By length first: hardly any line needs its name compared.
    switch (colon - start) {
      case 10:
        if (isNamed(head, start, "connection") && /(?:^|[,\s])close(?:$|[,\s])/i.test(textOf(head, colon, lineEnd)))
          read.mayStay = false;
        else if (isNamed(head, start, "keep-alive"))
          read.idleSeconds = Number(IDLE_SECONDS.exec(textOf(head, colon, lineEnd))?.[1] ?? Number.NaN) || null;
        break;
      case 11:
        if (isNamed(head, start, "retry-after")) read.retryAfter = textOf(head, colon, lineEnd);
        break;
      case 12:
        if (isNamed(head, start, "content-type")) read.contentType = textOf(head, colon, lineEnd);
        break;
      case 14:
        if (isNamed(head, start, "content-length")) length = sameLength(length, textOf(head, colon, lineEnd));
        break;
      case 16:
        if (isNamed(head, start, "content-encoding")) read.contentEncoding = textOf(head, colon, lineEnd);
        break;
      case 17:
        if (isNamed(head, start, "transfer-encoding")) encoding = onlyChunked(encoding, textOf(head, colon, lineEnd));
        break;
    }
  }
  if (length !== null && encoding !== null) throw new BadAnswer("it has both a length and a transfer encoding");
  if (encoding !== null) read.framing = { by: "chunks" };
  else if (length !== null) read.framing = { by: "length", bytes: Number(length) };
  if (read.status < 200 || read.status === 204 || read.status === 304) read.framing = { by: "length", bytes: 0 };
  if (read.framing.by === "close") read.mayStay = false;
  return read;
}

function endOfLine(head: string, from: number) {
  const end = head.indexOf("\r\n", from);
  return end === -1 ? head.length : end;
}

function isNamed(head: string, start: number, name: string) {
  return head.slice(start, start + name.length).toLowerCase() === name;
}

function textOf(head: string, colon: number, lineEnd: number) {
  const text = head.slice(colon + 1, lineEnd).trim();
  if (!isPlainValue(text)) throw new BadAnswer("a header's value holds what cannot stand there");
  return text;
}

function sameLength(known: string | null, given: string) {
  if (!LENGTH.test(given) || (known !== null && known !== given)) throw new BadAnswer("its length is not one number");
  return given;
}

function onlyChunked(known: string | null, given: string) {
  if (known !== null || given.toLowerCase() !== "chunked")
    throw new BadAnswer("its transfer encoding is not `chunked`");
  return given;
}
