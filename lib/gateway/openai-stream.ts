import { ChoiceUsage } from "./choice-usage";
import { endOfValue, topLevelSpans } from "./json-spans";
import { CUT, countedTokens, DROP, type Fate, KEEP, messageOf, type StreamReader } from "./stream-reader";
import type { Tokens } from "./tokens";

const DATA = Buffer.from("data:");
const DONE = Buffer.from("[DONE]");
const ERROR = Buffer.from('{"error"');
const ERROR_OBJECT = Buffer.from('{"object":"error"');
const USAGE = Buffer.from('"usage"');
const NO_CHOICES = Buffer.from('"choices":[]');
const FINISH = Buffer.from('"finish_reason":');
const ABORTED = Buffer.from('"abort"');
const CHOICE = Buffer.from('"choices":[{"index":');

const SPACE = 0x20;
const LF = 0x0a;
const CR = 0x0d;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const QUOTE = 0x22;

/** What of the usage, which Podpass always asks for, the client asked for itself. */
export type UsageWish = { include: boolean; continuous: boolean };

/**
 * Reads `/v1/chat/completions` and `/v1/completions` streams: chunks that each carry `usage`, a last one with
 * `"choices":[]` and the totals, then `[DONE]` (vLLM with `include_usage` and `continuous_usage_stats`).
 *
 * A raw `"usage"` cannot stand inside a JSON string, where its quotes would be escaped; so the bytes are searched, and
 * only what follows the object is read, to know that it belongs to the top level.
 */
export class OpenAiStream implements StreamReader {
  cutStart = 0;
  cutEnd = 0;
  isDone = false;
  podError: string | null = null;
  private readonly wish: UsageWish;
  private readonly promptEstimate: number;
  private readonly usage: ChoiceUsage;
  private pieces = 0;
  private choiceAt = 0;

  constructor(wish: UsageWish, promptEstimate = 0, choicesPerPrompt = 1) {
    this.wish = wish;
    this.promptEstimate = promptEstimate;
    this.usage = new ChoiceUsage(choicesPerPrompt);
  }

  read(text: Buffer, start: number, end: number): Fate {
    const payload = startOfPayload(text, start, end);
    if (payload === -1) return KEEP;
    if (text[payload] !== OPEN_BRACE) {
      this.isDone = startsWith(text, payload, DONE);
      return KEEP;
    }
    if (startsWith(text, payload, ERROR) || startsWith(text, payload, ERROR_OBJECT)) {
      this.podError = messageOf(text.toString("utf8", payload, end));
      return DROP;
    }
    this.pieces += 1;
    const key = text.lastIndexOf(USAGE, end - USAGE.length);
    return key < payload ? KEEP : this.readUsage(text, payload, key, end);
  }

  tokens(): Tokens {
    return this.usage.read() ?? countedTokens(this.promptEstimate, this.pieces);
  }

  private readUsage(text: Buffer, payload: number, key: number, end: number): Fate {
    const value = key + USAGE.length + 1;
    const isPlain = text[key - 1] === COMMA && text[value - 1] === COLON && text[value] === OPEN_BRACE;
    const valueEnd = isPlain ? endOfValue(text, value) : -1;
    if (!isPlain || !closesRightAfter(text, valueEnd, end)) return this.readUnusual(text, payload, end);

    const choice = this.choiceOf(text, payload, key);
    if (choice === null) this.pieces -= 1; // the last chunk has no text
    this.usage.set(choice, text, value, valueEnd);
    const finish = text.lastIndexOf(FINISH, key);
    if (finish > payload && startsWith(text, finish + FINISH.length, ABORTED)) {
      // A vLLM that is being stopped ends its streams like this, and then with `[DONE]` as if they were complete.
      this.podError = "the pod ended the answer before it was complete";
      return DROP;
    }
    return this.fateOf(choice, key - 1, valueEnd);
  }

  /** The chunk's choice; null for the last chunk, which has none. */
  private choiceOf(text: Buffer, payload: number, key: number): number | null {
    // All chunks of a stream begin alike: it stands where it stood before.
    let at = payload + this.choiceAt;
    if (!startsWith(text, at, CHOICE)) {
      if (startsWith(text, key - 1 - NO_CHOICES.length, NO_CHOICES)) return null;
      at = text.indexOf(CHOICE, payload);
      if (at === -1 || at > key) return isLastChunk(text, payload, key) ? null : 0;
      this.choiceAt = at - payload;
    }
    return Number.parseInt(text.toString("latin1", at + CHOICE.length, at + CHOICE.length + 6), 10) || 0;
  }

  private fateOf(choice: number | null, cutStart: number, cutEnd: number): Fate {
    if (this.wish.include && this.wish.continuous) return KEEP;
    if (choice === null) return this.wish.include ? KEEP : DROP;
    this.cutStart = cutStart;
    this.cutEnd = cutEnd;
    return CUT;
  }

  /** Another spelling than vLLM's: spaces, `usage` first, or a nested member of that name. Slow and exact. */
  private readUnusual(text: Buffer, payload: number, end: number): Fate {
    const json = text.subarray(payload, end);
    const spans = spansOrNone(json);
    const index = spans.findIndex(({ key }) => key === "usage");
    const span = spans[index];
    if (span === undefined || json[span.valueStart] !== OPEN_BRACE) return KEEP;
    const choice = choiceIn(json);
    if (choice === null) this.pieces -= 1;
    this.usage.set(choice, json, span.valueStart, span.valueEnd);
    // With the comma before it, or, where it is the first member, the one after.
    const next = spans[index + 1];
    const previous = spans[index - 1];
    const from = previous ? previous.valueEnd : span.keyStart;
    const to = previous || !next ? span.valueEnd : next.keyStart;
    return this.fateOf(choice, payload + from, payload + to);
  }
}

/** A pod may send what is not JSON; it passes as it came. */
function spansOrNone(json: Buffer) {
  try {
    return topLevelSpans(json);
  } catch {
    return [];
  }
}

function choiceIn(json: Buffer): number | null {
  const { choices } = JSON.parse(json.toString("utf8")) as { choices?: { index?: unknown }[] };
  if (!Array.isArray(choices)) return 0;
  return choices.length === 0 ? null : Number(choices[0]?.index) || 0;
}

/** Where an event's JSON begins; -1 for a comment or an event without data. */
function startOfPayload(text: Buffer, start: number, end: number) {
  let at = start;
  while (!startsWith(text, at, DATA)) {
    const lf = text.indexOf(LF, at);
    const next = lf === -1 || lf >= end ? text.indexOf(CR, at) : lf;
    if (next === -1 || next + 1 >= end) return -1;
    at = next + 1;
  }
  at += DATA.length;
  while (text[at] === SPACE) at += 1;
  return at;
}

function startsWith(text: Buffer, at: number, prefix: Buffer) {
  for (let i = 0; i < prefix.length; i += 1) if (text[at + i] !== prefix[i]) return false;
  return true;
}

/** True if what follows a member's value closes exactly the object that holds it: the member was at the top level. */
function closesRightAfter(text: Buffer, from: number, end: number) {
  let at = from;
  while (text[at] === COMMA) {
    // Another member: its key, a colon, its value. vLLM puts few and small ones here.
    if (text[at + 1] !== QUOTE) return false;
    const colon = endOfValue(text, at + 1);
    if (text[colon] !== COLON) return false;
    at = endOfValue(text, colon + 1);
  }
  return text[at] === CLOSE_BRACE && at < end && isLineEnd(text[at + 1]);
}

const isLineEnd = (byte: number | undefined) => byte === LF || byte === CR;

function isLastChunk(text: Buffer, payload: number, before: number) {
  const found = text.indexOf(NO_CHOICES, payload);
  return found !== -1 && found < before;
}
