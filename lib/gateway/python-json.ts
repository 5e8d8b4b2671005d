import { pythonNumber } from "./python-numbers";

const SPACE = /\s*/y;
const SCALAR = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Deeper than any arguments are, and far from the stack's end. */
const DEEPEST = 200;

/** Separators as `json.dumps` has them by default, and as vLLM's answers do. */
export const SPACED = { comma: ", ", colon: ": " };
export const COMPACT = { comma: ",", colon: ":" };
type Separators = typeof SPACED;

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
