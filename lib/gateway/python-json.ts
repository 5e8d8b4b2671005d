/**
 * Python's spelling of JSON. vLLM writes whole answers with Python's `json`, streams with another library: the same
 * numbers come as `-1.2e-05` in the one and `-0.000012` in the other, and tool arguments with spaces or without.
 */

const FRACTION = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d+$/;
const SPACE = /\s*/y;
const SCALAR = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Deeper than any arguments are, and far from the stack's end. */
const DEEPEST = 200;

/** Separators as `json.dumps` has them by default, and as vLLM's answers do. */
export const SPACED = { comma: ", ", colon: ": " };
export const COMPACT = { comma: ",", colon: ":" };
type Separators = typeof SPACED;

/** A number as Python's `repr` gives it. What is written without point and exponent is an integer and keeps its digits. */
export function pythonNumber(text: string): string {
  if (INTEGER.test(text)) return text === "-0" ? "0" : text;
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  // Both languages write the fewest digits that give the same number back; only their place differs.
  const [mantissa = "", power = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return sign + (exponent >= -4 && exponent < 16 ? plain(digits, exponent) : scientific(digits, exponent));
}

function plain(digits: string, exponent: number) {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}

function scientific(digits: string, exponent: number) {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const power = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${power}`;
}

/** JSON with every fraction in Python's spelling; all else, strings above all, stays as it is. */
export function withPythonNumbers(json: string): string {
  let out = "";
  let from = 0;
  for (;;) {
    const quote = json.indexOf('"', from);
    const outside = quote === -1 ? json.slice(from) : json.slice(from, quote);
    out += outside.includes(".") || /\de/i.test(outside) ? outside.replace(FRACTION, fractionOf) : outside;
    if (quote === -1) return out;
    const end = endOfText(json, quote);
    out += json.slice(quote, end);
    from = end;
  }
}

const fractionOf = (number: string) => (INTEGER.test(number) ? number : pythonNumber(number));

function endOfText(json: string, start: number) {
  let from = start + 1;
  for (;;) {
    const quote = json.indexOf('"', from);
    if (quote === -1) return json.length;
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

/**
 * What Python's `json.dumps(json.loads(text), ensure_ascii=False)` gives: one spelling of spaces, escapes and numbers,
 * the last of two equal members in the place of the first. Null if the text is no JSON.
 */
export function redumped(text: string, separators: Separators): string | null {
  try {
    JSON.parse(text);
    return new Dump(text, separators).value(0);
  } catch {
    return null;
  }
}

/** Walks over JSON that is known to be valid. */
class Dump {
  private readonly text: string;
  private readonly separators: Separators;
  private at = 0;

  constructor(text: string, separators: Separators) {
    this.text = text;
    this.separators = separators;
  }

  value(depth: number): string {
    if (depth > DEEPEST) throw new RangeError("nested too deeply");
    this.skip(SPACE);
    const first = this.text[this.at];
    if (first === "{") return this.members(depth);
    if (first === "[") return this.elements(depth);
    return spelled(this.skip(SCALAR));
  }

  private members(depth: number) {
    const members = new Map<string, string>();
    while (this.enters("}")) {
      this.skip(SPACE);
      const key = spelled(this.skip(SCALAR));
      this.skip(SPACE);
      this.at += 1;
      members.set(key, this.value(depth + 1));
    }
    return `{${[...members].map((member) => member.join(this.separators.colon)).join(this.separators.comma)}}`;
  }

  private elements(depth: number) {
    const elements: string[] = [];
    while (this.enters("]")) elements.push(this.value(depth + 1));
    return `[${elements.join(this.separators.comma)}]`;
  }

  /** Steps over the opening, a comma or the end; false at the end. */
  private enters(close: string) {
    this.skip(SPACE);
    const opened = this.text[this.at];
    this.at += 1;
    if (opened === close) return false;
    this.skip(SPACE);
    if (this.text[this.at] !== close) return true;
    this.at += 1;
    return false;
  }

  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ""] = pattern.exec(this.text) ?? [];
    this.at += found.length;
    return found;
  }
}

function spelled(scalar: string) {
  if (scalar.startsWith('"')) return JSON.stringify(JSON.parse(scalar));
  return /^-?\d/.test(scalar) ? pythonNumber(scalar) : scalar;
}
