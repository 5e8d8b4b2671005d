import type { Sampling } from "./fields";
import type { FinishReason, Sequence } from "./generation";
import { hashText } from "./seed";
import { END, type Piece, piecesOf, reason, write } from "./text";

export type Wanted = {
  seed: number;
  limit: number;
  sampling: Sampling;
  endless: boolean;
  reasoning?: boolean;
  /** This text instead of sentences, for structured outputs. */
  fixed?: string | undefined;
  tool?: { name: string; arguments: string; finish: FinishReason } | undefined;
};

/** The `n` sequences of a request. Equal requests make equal sequences; within one request they differ. */
export function compose(wanted: Wanted): Sequence[] {
  return Array.from({ length: wanted.sampling.n }, (_, index) =>
    composeOne(wanted, hashText(`${wanted.sampling.seed}:${index}`, wanted.seed)),
  );
}

function composeOne(wanted: Wanted, seed: number): Sequence {
  const { limit, sampling, endless } = wanted;
  if (endless) return { pieces: write(seed, 400, true).pieces, finish: "stop", stopReason: null, endless };
  const before = wanted.reasoning ? reason(seed) : [];
  const room = Math.max(0, limit - before.length);
  const body = bodyOf(wanted, seed, room);
  const stopped = wanted.tool ? undefined : stopAt(body.pieces, sampling);
  const pieces = [...before, ...(stopped?.pieces ?? body.pieces)];
  if (pieces.length > limit || (pieces.length === limit && !stopped)) {
    return { pieces: pieces.slice(0, limit), finish: "length", stopReason: null, endless };
  }
  if (stopped) return { pieces, finish: "stop", stopReason: stopped.reason, endless };
  pieces.push(END);
  return { pieces, finish: wanted.tool?.finish ?? "stop", stopReason: null, endless };
}

function bodyOf({ sampling, fixed, tool }: Wanted, seed: number, room: number): { pieces: readonly Piece[] } {
  if (tool) {
    return {
      pieces: [
        { text: tool.name, json: JSON.stringify(tool.name), kind: "tool" },
        ...piecesOf(tool.arguments, "arguments"),
      ],
    };
  }
  if (fixed !== undefined) return { pieces: piecesOf(fixed) };
  if (sampling.ignoreEnd) return write(seed, room, true);
  const written = write(seed, room);
  return written.pieces.length < sampling.minTokens ? write(seed, Math.min(room, sampling.minTokens), true) : written;
}

/** Cuts at the first stop string. The token that completes it counts, its text beyond the cut doesn't show. */
function stopAt(pieces: readonly Piece[], { stop, keepStop }: Sampling) {
  if (stop.length === 0) return undefined;
  const text = pieces.map((piece) => piece.text).join("");
  let found: { at: number; reason: string } | undefined;
  for (const candidate of stop) {
    const at = text.indexOf(candidate);
    if (at >= 0 && (found === undefined || at + candidate.length < found.at + found.reason.length)) {
      found = { at, reason: candidate };
    }
  }
  if (!found) return undefined;
  const complete = found.at + found.reason.length;
  const visible = keepStop ? complete : found.at;
  const kept: Piece[] = [];
  let start = 0;
  for (const piece of pieces) {
    const shown = piece.text.slice(0, Math.max(0, visible - start));
    kept.push(shown === piece.text ? piece : { ...piece, text: shown, json: JSON.stringify(shown) });
    start += piece.text.length;
    if (start >= complete) break;
  }
  return { pieces: kept, reason: found.reason };
}
