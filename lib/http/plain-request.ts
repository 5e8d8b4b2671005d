/** Header lines by lower-case name, every line kept: two of one kind are for the reader to refuse, not merged. */
export type HeaderLines = Readonly<Record<string, readonly string[] | undefined>>;

/** The headers that the gateway reads; a request has twice as many. */
export type WantedLines = {
  authorization: string[] | undefined;
  "x-api-key": string[] | undefined;
  "content-type": string[] | undefined;
  "content-encoding": string[] | undefined;
  "content-length": string[] | undefined;
  "x-forwarded-for": string[] | undefined;
  traceparent: string[] | undefined;
  "x-podpass-affinity": string[] | undefined;
};

/** None yet. Always the same members in the same order: an object that grows by name is slow to make and slow to read. */
export function noLines(): WantedLines {
  return {
    authorization: undefined,
    "x-api-key": undefined,
    "content-type": undefined,
    "content-encoding": undefined,
    "content-length": undefined,
    "x-forwarded-for": undefined,
    traceparent: undefined,
    "x-podpass-affinity": undefined,
  };
}

/** The head of a plain request. `path` is the target without its query, as it was sent. */
export type PlainHead = {
  method: "GET" | "POST";
  path: string;
  headers: WantedLines;
  /** Where the body begins, and its length. */
  bodyAt: number;
  bodyBytes: number;
};

const HEAD_END = Buffer.from("\r\n\r\n");
const LARGEST_HEAD = 16 * 1024;
/** RFC 9112, sections 3 and 5: a request line, then lines of a token, a colon and visible text. Nothing lenient. */
const HEAD = /^(?:GET|POST) \/[!-~]* HTTP\/1\.1\r\n(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+\r\n$/;
const LENGTH = /^\d{1,9}$/;
const COLON = 0x3a;

/**
 * Reads the head at the start of `bytes`, if it is one that no two readers could understand differently: complete,
 * HTTP/1.1, one Host, a body (if any) of one announced length, a connection that stays. Null for everything else, right or
 * wrong: that is for a parser that knows all of HTTP.
 */
export function readPlainHead(bytes: Buffer): PlainHead | null {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1 || end > LARGEST_HEAD) return null;
  const bodyAt = end + HEAD_END.length;
  const text = bytes.toString("latin1", 0, bodyAt);
  if (!HEAD.test(text)) return null;
  const headers = noLines();
  let hosts = 0;
  let start = text.indexOf("\r\n") + 2;
  const requestLine = text.slice(0, start - 2);
  while (start < end) {
    const lineEnd = text.indexOf("\r\n", start);
    let colon = start;
    while (text.charCodeAt(colon) !== COLON) colon += 1;
    // By length first: hardly any line needs its name compared.
    switch (colon - start) {
      case 4:
        if (isNamed(text, start, "host")) hosts += 1;
        break;
      case 6:
        if (isNamed(text, start, "expect")) return null;
        break;
      case 7:
        if (isNamed(text, start, "upgrade") || isNamed(text, start, "trailer")) return null;
        break;
      case 9:
        if (isNamed(text, start, "x-api-key")) headers["x-api-key"] = added(headers["x-api-key"], text, colon, lineEnd);
        break;
      case 10:
        if (isNamed(text, start, "connection") && valueAt(text, colon, lineEnd).toLowerCase() !== "keep-alive")
          return null;
        break;
      case 11:
        if (isNamed(text, start, "traceparent")) headers.traceparent = added(headers.traceparent, text, colon, lineEnd);
        break;
      case 12:
        if (isNamed(text, start, "content-type"))
          headers["content-type"] = added(headers["content-type"], text, colon, lineEnd);
        break;
      case 13:
        if (isNamed(text, start, "authorization"))
          headers.authorization = added(headers.authorization, text, colon, lineEnd);
        break;
      case 14:
        if (isNamed(text, start, "content-length"))
          headers["content-length"] = added(headers["content-length"], text, colon, lineEnd);
        break;
      case 15:
        if (isNamed(text, start, "x-forwarded-for"))
          headers["x-forwarded-for"] = added(headers["x-forwarded-for"], text, colon, lineEnd);
        break;
      case 16:
        if (isNamed(text, start, "content-encoding"))
          headers["content-encoding"] = added(headers["content-encoding"], text, colon, lineEnd);
        break;
      case 18:
        if (isNamed(text, start, "x-podpass-affinity"))
          headers["x-podpass-affinity"] = added(headers["x-podpass-affinity"], text, colon, lineEnd);
        break;
      case 17:
        if (isNamed(text, start, "transfer-encoding")) return null;
        break;
    }
    start = lineEnd + 2;
  }
  const bodyBytes = lengthIn(headers["content-length"]);
  if (hosts !== 1 || bodyBytes === null) return null;
  const isGet = requestLine.startsWith("GET ");
  const target = requestLine.slice(isGet ? 4 : 5, -" HTTP/1.1".length);
  const query = target.indexOf("?");
  return {
    method: isGet ? "GET" : "POST",
    path: query === -1 ? target : target.slice(0, query),
    headers,
    bodyAt,
    bodyBytes,
  };
}

/** Null unless there is no length or one. */
function lengthIn(lines: string[] | undefined): number | null {
  if (lines === undefined) return 0;
  const [length = ""] = lines;
  return lines.length === 1 && LENGTH.test(length) ? Number(length) : null;
}

function added(known: string[] | undefined, text: string, colon: number, lineEnd: number): string[] {
  const value = valueAt(text, colon, lineEnd);
  if (known === undefined) return [value];
  known.push(value);
  return known;
}

const valueAt = (text: string, colon: number, lineEnd: number) => text.slice(colon + 1, lineEnd).trim();

/** Whether a line's name is `name`, in whatever case. ASCII letters differ from their capitals in one bit, `-` in none. */
function isNamed(text: string, start: number, name: string) {
  for (let i = 0; i < name.length; i += 1) {
    const given = text.charCodeAt(start + i);
    const wanted = name.charCodeAt(i);
    if (given !== wanted && (wanted < 0x61 || (given | 0x20) !== wanted)) return false;
  }
  return true;
}
