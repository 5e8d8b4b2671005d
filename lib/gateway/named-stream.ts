import { endOfValue } from "./json-spans";
import { countedTokens, DROP, type Fate, KEEP, messageOf, type StreamReader, UsageMark } from "./stream-reader";
import type { Tokens } from "./tokens";

const EVENT = "event: ";
const USAGE = Buffer.from('"usage":{');
const DATA = Buffer.from("data: ");
const LONGEST_NAME = 64;

/** How one dialect of named events tells a piece of text, its usage and its end. */
type Grammar = {
  isPiece(name: string): boolean;
  /** Its usage counts the whole answer so far: an exact number. */
  tellsTotals(name: string): boolean;
  /** Its usage has the prompt, the completion is still to come. */
  tellsPrompt(name: string): boolean;
  isEnd(name: string): boolean;
  isError(name: string): boolean;
};

/** `/v1/messages`: the prompt in `message_start`, the totals in `message_delta`, the end in `message_stop`. */
export const MESSAGES: Grammar = {
  isPiece: (name) => name === "content_block_delta",
  tellsTotals: (name) => name === "message_delta",
  tellsPrompt: (name) => name === "message_start",
  isEnd: (name) => name === "message_stop",
  isError: (name) => name === "error",
};

/** `/v1/responses`: the totals come with the last event only. */
export const RESPONSES: Grammar = {
  isPiece: (name) => name.endsWith(".delta"),
  tellsTotals: isLastResponse,
  tellsPrompt: () => false,
  isEnd: isLastResponse,
  isError: (name) => name === "error",
};

function isLastResponse(name: string) {
  return name === "response.completed" || name === "response.incomplete" || name === "response.failed";
}

/**
 * Reads streams whose events have names. Everything passes as it came: these dialects carry usage anyway.
 * Cut before its totals, such a stream's tokens are an estimate (pieces of text counted), and marked as one.
 */
export class NamedStream implements StreamReader {
  cutStart = 0;
  cutEnd = 0;
  isDone = false;
  podError: string | null = null;
  private readonly grammar: Grammar;
  private readonly promptEstimate: number;
  private readonly totals = new UsageMark();
  private readonly opening = new UsageMark();
  private pieces = 0;

  constructor(grammar: Grammar, promptEstimate = 0) {
    this.grammar = grammar;
    this.promptEstimate = promptEstimate;
  }

  read(text: Buffer, start: number, end: number): Fate {
    const name = eventName(text, start, end);
    if (this.grammar.isPiece(name)) {
      this.pieces += 1;
      return KEEP;
    }
    if (this.grammar.isError(name)) {
      this.podError = messageOf(payloadOf(text, start, end));
      return DROP;
    }
    if (this.grammar.tellsTotals(name)) this.markUsage(this.totals, text, start, end);
    else if (this.grammar.tellsPrompt(name)) this.markUsage(this.opening, text, start, end);
    this.isDone = this.grammar.isEnd(name);
    return KEEP;
  }

  tokens(): Tokens {
    const totals = this.totals.read();
    const opening = this.opening.read();
    // Older versions send zero input tokens first: then the estimate is the better guess.
    if (totals === null) return countedTokens(opening?.prompt || this.promptEstimate, this.pieces);
    return totals.prompt === 0 && opening ? { ...totals, prompt: opening.prompt, cached: opening.cached } : totals;
  }

  private markUsage(mark: UsageMark, text: Buffer, start: number, end: number) {
    const key = text.lastIndexOf(USAGE, end - USAGE.length);
    if (key < start) return;
    const value = key + USAGE.length - 1;
    mark.set(text, value, endOfValue(text, value));
  }
}

function eventName(text: Buffer, start: number, end: number) {
  const head = text.toString("latin1", start, Math.min(end, start + LONGEST_NAME)).trimStart();
  if (!head.startsWith(EVENT)) return "";
  const lineEnd = head.search(/[\r\n]/);
  return lineEnd === -1 ? head.slice(EVENT.length) : head.slice(EVENT.length, lineEnd);
}

function payloadOf(text: Buffer, start: number, end: number) {
  const data = text.indexOf(DATA, start);
  return data === -1 || data >= end ? "" : text.toString("utf8", data + DATA.length, end);
}
