import { hashText, randomFrom } from "./seed";
import type { Piece } from "./text";

const ALTERNATIVES = [
  " the",
  " a",
  ".",
  ",",
  " and",
  " to",
  " of",
  " in",
  " is",
  " it",
  "\n",
  " or",
  " for",
  " on",
  " so",
  " at",
  " as",
  " by",
  " be",
  " no",
];

type Scored = { token: string; logprob: number };

/** What the model weighed for one token: itself first, then others, less and less likely. Depends on the text alone. */
function scored({ text }: Piece, count: number): [Scored, ...Scored[]] {
  const random = randomFrom(hashText(text));
  let logprob = -Number((random() * 0.9).toFixed(4));
  const own: Scored = { token: text, logprob };
  const others = ALTERNATIVES.filter((token) => token !== text).slice(0, Math.max(0, count - 1));
  return [
    own,
    ...others.map((token) => {
      logprob = Number((logprob - 0.5 - random()).toFixed(4));
      return { token, logprob };
    }),
  ];
}

const withBytes = ({ token, logprob }: Scored) => ({ token, logprob, bytes: [...Buffer.from(token)] });

/** One entry of a chat choice's `logprobs.content`. */
export function chatLogprob(piece: Piece, top: number) {
  const all = scored(piece, Math.max(1, top));
  return { ...withBytes(all[0]), top_logprobs: top > 0 ? all.map(withBytes) : [] };
}

/** A completion's `logprobs` over some of its tokens, whose text begins at `offset`. */
export function completionLogprobs(pieces: readonly Piece[], top: number, offset: number) {
  let at = offset;
  const offsets = pieces.map(({ text }) => {
    at += text.length;
    return at - text.length;
  });
  const all = pieces.map((piece) => scored(piece, Math.max(1, top)));
  return {
    text_offset: offsets,
    token_logprobs: all.map(([own]) => own.logprob),
    tokens: pieces.map(({ text }) => text),
    top_logprobs: all.map((list) => Object.fromEntries(list.map(({ token, logprob }) => [token, logprob]))),
  };
}
