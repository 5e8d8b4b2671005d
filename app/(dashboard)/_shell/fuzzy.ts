/** How well a name fits, and which of its letters were meant. */
export type Fit = { score: number; marks: readonly number[] };

const AT_START = 100;
const AT_WORD = 80;
const INSIDE = 55;
const SCATTERED = 30;
const BY_OTHER_WORD = 25;

/**
 * How well a name fits what is typed; null where it doesn't. Each word typed has to be found: at the name's start, at a word's
 * start, within it, or letter by letter in order. `others` are words that mean the same without being shown.
 */
export function fitOf(typed: string, name: string, others = ""): Fit | null {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const lower = name.toLowerCase();
  const marks = new Set<number>();
  let score = 0;
  for (const word of words) {
    const found = wordIn(word, lower) ?? otherWordIn(word, others);
    if (found === null) return null;
    score += found.score;
    for (const mark of found.marks) marks.add(mark);
  }
  if (words.length === 0) return { score: 0, marks: [] };
  // Of two names that fit alike, the shorter has less that was not meant.
  return { score: score / words.length - Math.min(name.length, 50) / 10, marks: [...marks].sort((a, b) => a - b) };
}

function wordIn(word: string, lower: string): Fit | null {
  const at = lower.indexOf(word);
  if (at === 0) return { score: AT_START, marks: run(0, word.length) };
  const atWord = startOfWord(word, lower);
  if (atWord !== -1) return { score: AT_WORD, marks: run(atWord, word.length) };
  if (at !== -1) return { score: INSIDE, marks: run(at, word.length) };
  const marks = scattered(word, lower);
  return marks === null ? null : { score: SCATTERED, marks };
}

/** Where a word of the name begins with what is typed; -1 for nowhere. */
function startOfWord(word: string, lower: string) {
  for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + 1)) {
    if (at > 0 && !/[\p{L}\p{N}]/u.test(lower.charAt(at - 1))) return at;
  }
  return -1;
}

/** The letters in order, each as early as it can be, the first of them at the start of a word: `nk` is in "New key", `ey` is not. */
function scattered(word: string, lower: string): number[] | null {
  const marks: number[] = [];
  let from = 0;
  for (const letter of word) {
    const at =
      marks.length === 0 ? (lower.startsWith(letter) ? 0 : startOfWord(letter, lower)) : lower.indexOf(letter, from);
    if (at === -1) return null;
    marks.push(at);
    from = at + 1;
  }
  return marks;
}

function otherWordIn(word: string, others: string): Fit | null {
  const isThere = others.split(" ").some((other) => other.startsWith(word));
  return isThere ? { score: BY_OTHER_WORD, marks: [] } : null;
}

const run = (from: number, length: number) => Array.from({ length }, (_, index) => from + index);

/** A name cut into what was meant and what was not, to show why it was found. */
export function cutAt(name: string, marks: readonly number[]): { text: string; isMeant: boolean; at: number }[] {
  const meant = new Set(marks);
  const pieces: { text: string; isMeant: boolean; at: number }[] = [];
  for (let at = 0; at < name.length; at += 1) {
    const last = pieces.at(-1);
    if (last && last.isMeant === meant.has(at)) last.text += name.charAt(at);
    else pieces.push({ text: name.charAt(at), isMeant: meant.has(at), at });
  }
  return pieces;
}
