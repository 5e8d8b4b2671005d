/** Header lines by lower-case name, every line kept: two of one kind are for the reader to refuse, not merged. */
export type HeaderLines = Readonly<Record<string, readonly string[] | undefined>>;

/** The head of a plain request. `path` is the target without its query, as it was sent. */
export type PlainHead = {
  method: "GET" | "POST";
  path: string;
  headers: HeaderLines;
  /** Where the body begins, and its length. */
  bodyAt: number;
  bodyBytes: number;
};

const HEAD_END = Buffer.from("\r\n\r\n");
const LARGEST_HEAD = 16 * 1024;
/** RFC 9112, sections 3 and 5: a request line, then lines of a token, a colon and visible text. Nothing lenient. */
const HEAD = /^(GET|POST) (\/[!-~]*) HTTP\/1\.1\r\n(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+\r\n$/;
const LENGTH = /^\d{1,9}$/;

/**
 * Reads the head at the start of `bytes`, if it is one that no two readers could understand differently: complete,
 * HTTP/1.1, one Host, a body (if any) of one announced length, a connection that stays. Null for everything else, right or
 * wrong: that is for a parser that knows all of HTTP. `wanted` are the names of the headers to be kept.
 */
export function readPlainHead(bytes: Buffer, wanted: ReadonlySet<string>): PlainHead | null {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1 || end > LARGEST_HEAD) return null;
  const bodyAt = end + HEAD_END.length;
  const text = bytes.toString("latin1", 0, bodyAt);
  const [, method, target] = HEAD.exec(text) ?? [];
  if (target === undefined) return null;
  const headers: Record<string, string[]> = {};
  let hosts = 0;
  let length: string | null = null;
  for (let start = text.indexOf("\r\n") + 2; start < end; ) {
    const lineEnd = text.indexOf("\r\n", start);
    const colon = text.indexOf(":", start);
    const name = text.slice(start, colon).toLowerCase();
    const value = text.slice(colon + 1, lineEnd).trim();
    start = lineEnd + 2;
    if (wanted.has(name)) {
      const known = headers[name];
      if (known === undefined) headers[name] = [value];
      else known.push(value);
    }
    switch (name) {
      case "host":
        hosts += 1;
        break;
      case "content-length":
        if (length !== null || !LENGTH.test(value)) return null;
        length = value;
        break;
      case "connection":
        if (value.toLowerCase() !== "keep-alive") return null;
        break;
      case "transfer-encoding":
      case "expect":
      case "upgrade":
      case "trailer":
        return null;
    }
  }
  if (hosts !== 1) return null;
  const query = target.indexOf("?");
  return {
    method: method === "GET" ? "GET" : "POST",
    path: query === -1 ? target : target.slice(0, query),
    headers,
    bodyAt,
    bodyBytes: Number(length ?? 0),
  };
}
