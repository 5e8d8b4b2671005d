/**
 * The simulator's own tokenizer. A token is a piece of at most six UTF-8 bytes, found from left to right:
 *
 * - up to five ASCII letters, or up to three digits, with the single space before them if there is one;
 * - a run of up to six spaces that no such piece claims;
 * - any other character alone, with the single space before it if there is one.
 *
 * So an English word is one or two tokens, as with real vocabularies. A token's id packs its bytes, which makes ids
 * reversible without a vocabulary; ids below 256 are reserved for special tokens.
 */

export const SPECIAL = { beginOfText: 1, endOfText: 2, messageStart: 3, messageEnd: 4 } as const;

const SPECIAL_TEXT: Readonly<Record<number, string>> = {
  [SPECIAL.beginOfText]: "<|begin|>",
  [SPECIAL.endOfText]: "<|end|>",
  [SPECIAL.messageStart]: "<|message|>",
  [SPECIAL.messageEnd]: "<|done|>",
};

/** In characters. */
export const LONGEST_TOKEN = 6;

const SPACE = 32;
const MAX_LETTERS = 5;
const MAX_DIGITS = 3;
const MAX_SPACES = LONGEST_TOKEN;

const isLetter = (code: number) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
const isDigit = (code: number) => code >= 48 && code <= 57;
const isSpace = (code: number) => code === SPACE || (code >= 9 && code <= 13);

function runEnd(text: string, from: number, most: number, belongs: (code: number) => boolean) {
  const last = Math.min(text.length, from + most);
  let end = from;
  while (end < last && belongs(text.charCodeAt(end))) end += 1;
  return end;
}

/** Where the token that begins at `from` ends. */
function pieceEnd(text: string, from: number): number {
  let start = from;
  if (text.charCodeAt(from) === SPACE && from + 1 < text.length && !isSpace(text.charCodeAt(from + 1))) start += 1;
  const code = text.charCodeAt(start);
  if (isLetter(code)) return runEnd(text, start, MAX_LETTERS, isLetter);
  if (isDigit(code)) return runEnd(text, start, MAX_DIGITS, isDigit);
  if (code === SPACE) return runEnd(text, start, MAX_SPACES, (next) => next === SPACE);
  const pair = code >= 0xd800 && code < 0xdc00 && start + 1 < text.length;
  return start + (pair && (text.charCodeAt(start + 1) & 0xfc00) === 0xdc00 ? 2 : 1);
}

/** How many tokens the text has. */
export function countTokens(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at = pieceEnd(text, at)) count += 1;
  return count;
}

/** The tokens of a text, as text; joined they give the text back. */
export function splitTokens(text: string): string[] {
  const pieces: string[] = [];
  let at = 0;
  while (at < text.length) {
    const end = pieceEnd(text, at);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return pieces;
}

/** The id of one token: a leading 1, then its bytes. Fits in 49 bits. */
export function tokenId(piece: string): number {
  let id = 1;
  for (const byte of Buffer.from(piece, "utf8")) id = id * 256 + byte;
  return id;
}

export function encode(text: string): number[] {
  return splitTokens(text).map(tokenId);
}

/** The text of token ids; an id that no text encodes to becomes the replacement character. */
export function decode(ids: readonly number[]): string {
  const bytes: number[] = [];
  for (const id of ids) bytes.push(...tokenBytes(id));
  return Buffer.from(bytes).toString("utf8");
}

function tokenBytes(id: number): Iterable<number> {
  if (!Number.isSafeInteger(id) || id < 0) return Buffer.from("\ufffd");
  if (id < 256) return Buffer.from(SPECIAL_TEXT[id] ?? "");
  const bytes: number[] = [];
  for (let rest = id; rest >= 256; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}
