import { randomFrom } from "./seed";
import { splitTokens } from "./tokenizer";

/** One token of an answer. `json` is its text as a JSON string, made once because streams need it again and again. */
export type Piece = {
  readonly text: string;
  readonly json: string;
  /** What it is when it isn't plain content. `end` is the end-of-text token: counted, without text. */
  readonly kind?: "reasoning" | "tool" | "arguments" | "end";
};

export const END: Piece = { text: "", json: '""', kind: "end" };

const OPENERS = [
  "Thank you for asking; here is a calm and simple answer.",
  "Let us take this one step at a time.",
  "Here is a short answer from a pod that only pretends to think.",
  "Happy to help, though no real model is running behind these words.",
  "Good question, and a pleasant one to begin with.",
  "Here is what a simulated pod can say about that.",
  "There are several ways to look at it, and most of them are friendly.",
  "In short, yes, and the longer answer is worth a minute of your time.",
];

const SENTENCES = [
  "The kettle on the stove has its own idea of when the meeting should begin.",
  "Small teams move quickly when everyone knows where the keys are kept.",
  "A good queue is quiet, fair and a little shorter than you feared.",
  "When the river is low, the old stones show where people used to cross.",
  "Measure first, then decide, and write down why you decided it.",
  "The graphics card hums along and turns warm air into patient sentences.",
  "Most surprises in production were once a footnote that nobody read.",
  "If a plan fits on a postcard, somebody will actually follow it.",
  "The lighthouse keeper counts the ships twice and sleeps well because of it.",
  "Rotate what is secret, keep what is useful and forget the rest.",
  "A careful default saves more hours than a clever option.",
  "The bakery on the corner sells out of rye bread before nine every morning.",
  "Every token you read here was chosen by a small and honest random number.",
  "Clear names are a kindness to the person who will read this next year.",
  "The train leaves on time whether or not we have found our tickets.",
  "Three readings of the same number are better than one opinion about it.",
  "Mountains look closer after rain, and so do most deadlines.",
  "Ask for less, answer sooner, and leave the door open for questions.",
  "A map is never the valley, but it is lighter to carry.",
  "The garden does best when two people disagree politely about the roses.",
  "Start with the smallest thing that works and let it teach you the next one.",
  "The ledger balances when each line says where it came from.",
  "Nobody remembers the outage that a simple limit prevented.",
  "Copper, glass and patience carry most of what we say to each other.",
  "The library stays open late on Thursdays for anyone with one more idea.",
  "Rain on a tin roof is the original stream of small events.",
  "It helps to say the hard part out loud before the easy part begins.",
  "A bridge is mostly a promise that was checked by several people.",
  "The compiler is strict, but it has never once been unkind on purpose.",
  "Good tools disappear into the work, the way a good chair does.",
  "The second cup of coffee is where the real design review happens.",
  "If two clocks disagree, the argument is about the clocks and not the time.",
  "Winter birds share the feeder by taking turns faster than we can see.",
  "A short answer that is right beats a long one that is nearly right.",
  "The harbour lights come on one by one and nobody gives the order.",
  "What you can undo, you can dare to try before lunch.",
  "The museum keeps its best map in a drawer and shows it to whoever asks.",
  "Work in daylight, review in the evening, and release in the morning.",
  "Even a simulated pod likes to finish its sentence before the stream ends.",
  "That is the whole idea, and the rest is practice.",
];

const REASONS = [
  "The question is friendly, so a friendly answer will do.",
  "No facts are needed here, only a few tidy sentences.",
  "First a plain opening, then two or three remarks, then stop.",
  "The answer should stay short and should not pretend to be a real model.",
];

/** The tokens of any text, ready to be streamed. */
export function piecesOf(text: string, kind?: Piece["kind"]): Piece[] {
  return splitTokens(text).map((piece) => {
    const json = JSON.stringify(piece);
    return kind === undefined ? { text: piece, json } : { text: piece, json, kind };
  });
}

const openers = OPENERS.map((sentence) => piecesOf(sentence));
const sentences = SENTENCES.map((sentence) => piecesOf(` ${sentence}`));
const reasons = REASONS.map((sentence) => piecesOf(sentence, "reasoning"));

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}

export type Writing = { pieces: Piece[] /** The text came to its own end within the limit. */; ended: boolean };

/**
 * English sentences that depend on the seed alone: an opener and one to seven more (15 to 130 tokens).
 * A shorter limit cuts the same text; `neverEnd` goes on with further sentences up to the limit.
 */
export function write(seed: number, limit: number, neverEnd = false): Writing {
  const random = randomFrom(seed);
  const more = 1 + Math.floor(random() * 7);
  const pieces: Piece[] = [];
  append(pieces, pick(openers, random), limit);
  for (let count = 0; (neverEnd || count < more) && pieces.length < limit; count += 1) {
    append(pieces, pick(sentences, random), limit);
  }
  // The end itself is a token too, so a text that exactly fills the limit was cut.
  return { pieces, ended: !neverEnd && pieces.length < limit };
}

/** What a reasoning model thinks before it answers. */
export function reason(seed: number): readonly Piece[] {
  return pick(reasons, randomFrom(seed ^ 0x5f3759df));
}

function append(target: Piece[], source: readonly Piece[], limit: number) {
  for (let at = 0; at < source.length && target.length < limit; at += 1) target.push(source[at] as Piece);
}
