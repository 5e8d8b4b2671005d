/** Where one top-level member of a JSON object lies in its text; `end` is exclusive. */
export type Span = { key: string; keyStart: number; valueStart: number; valueEnd: number };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * The top-level members of the JSON object in `text`, in order, doubled keys included.
 * `text` must be valid JSON: this reads structure, it does not validate. Long strings are crossed with a native search,
 * so a body that is mostly one picture costs next to nothing.
 */
export function topLevelSpans(text: Buffer): Span[] {
  const spans: Span[] = [];
  let at = text.indexOf(OPEN_BRACE) + 1;
  for (;;) {
    while (isSpace(text[at]) || text[at] === COMMA) at += 1;
    if (at >= text.length || text[at] !== QUOTE) return spans;
    const keyStart = at;
    const keyEnd = endOfString(text, at);
    at = keyEnd;
    while (isSpace(text[at]) || text[at] === COLON) at += 1;
    const valueStart = at;
    at = endOfValue(text, at);
    spans.push({ key: keyOf(text.toString("utf8", keyStart + 1, keyEnd - 1)), keyStart, valueStart, valueEnd: at });
  }
}

/** What stands between a name's quotes is the name, unless something in it is escaped. */
function keyOf(written: string): string {
  return written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written;
}

/** The elements of the JSON array in `text`, in order, each as its own bytes. `text` must be valid JSON. */
export function elementsOf(text: Buffer): Buffer[] {
  const elements: Buffer[] = [];
  let at = text.indexOf(OPEN_BRACKET) + 1;
  for (;;) {
    while (isSpace(text[at]) || text[at] === COMMA) at += 1;
    if (at >= text.length || text[at] === CLOSE_BRACKET) return elements;
    const end = endOfValue(text, at);
    elements.push(text.subarray(at, end));
    at = end;
  }
}

/** One member's value in the JSON object in `text`, as its own bytes; null where there is none. */
export function memberOf(text: Buffer, key: string): Buffer | null {
  const span = topLevelSpans(text).find((member) => member.key === key);
  return span === undefined ? null : text.subarray(span.valueStart, span.valueEnd);
}

/** The index after the value that begins at `start`. `text.length` if it has no end. */
export function endOfValue(text: Buffer, start: number): number {
  const first = text[start];
  if (first === QUOTE) return endOfString(text, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(text, start);
  let at = start;
  while (
    at < text.length &&
    text[at] !== COMMA &&
    text[at] !== CLOSE_BRACE &&
    text[at] !== CLOSE_BRACKET &&
    !isSpace(text[at])
  ) {
    at += 1;
  }
  return at;
}

function endOfNested(text: Buffer, start: number) {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const byte = text[at];
    if (byte === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  return text.length;
}

function endOfString(text: Buffer, start: number) {
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf(QUOTE, from);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

/** What to change in an object's text: set a member to ready-made JSON. */
export type Splice = { key: string; json: string };

/**
 * The object with some members set, everything else byte for byte: numbers keep their digits, order and spacing stay.
 * A member that is missing is added at the end.
 */
export function spliceObject(text: Buffer, spans: readonly Span[], splices: readonly Splice[]): Buffer {
  if (splices.length === 0) return text;
  const parts: Buffer[] = [];
  const added: string[] = [];
  let from = 0;
  const replaced = splices
    .map((splice) => ({ splice, span: spans.find(({ key }) => key === splice.key) }))
    .sort((a, b) => (a.span?.valueStart ?? 0) - (b.span?.valueStart ?? 0));
  for (const { splice, span } of replaced) {
    if (span === undefined) {
      added.push(`${JSON.stringify(splice.key)}:${splice.json}`);
      continue;
    }
    parts.push(text.subarray(from, span.valueStart), Buffer.from(splice.json));
    from = span.valueEnd;
  }
  const close = text.lastIndexOf(CLOSE_BRACE);
  parts.push(text.subarray(from, close));
  if (added.length > 0) parts.push(Buffer.from(`${spans.length > 0 ? "," : ""}${added.join(",")}`));
  parts.push(text.subarray(close));
  return Buffer.concat(parts);
}
