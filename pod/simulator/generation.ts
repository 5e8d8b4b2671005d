import { engineBusy, engineDead, errorEvent } from "./errors";
import type { Exchange } from "./exchange";
import { hashText, randomFrom } from "./seed";
import { SseWriter } from "./sse-writer";
import type { Piece } from "./text";

export type FinishReason = "stop" | "length" | "tool_calls";

/** One sequence the model will write: all of its tokens are known before the first is sent. */
export type Sequence = {
  pieces: readonly Piece[];
  finish: FinishReason;
  /** The stop string that ended it. */
  stopReason: string | null;
  /** Begins anew after its last token, for ever. */
  endless: boolean;
};

export type Generation = {
  /** `prompts` times `n`. */
  sequences: readonly Sequence[];
  prompts: number;
  promptTokens: number;
  cachedTokens: number;
  seed: number;
};

/** How an endpoint words a stream. */
export type StreamShape = {
  begin(out: SseWriter): void;
  /** Token number `at` of a sequence. False once the stream is broken off. */
  token(out: SseWriter, sequence: number, piece: Piece, at: number, last: boolean): boolean;
  end(out: SseWriter): void;
};

export const sumTokens = (sequences: readonly Sequence[]) =>
  sequences.reduce((sum, { pieces }) => sum + pieces.length, 0);

/** The time this token was made, where benchmarks ask for it. */
export const stamp = ({ pod }: Exchange) =>
  pod.options.stampEvents ? `,"sim_at":${performance.timeOrigin + performance.now()}` : "";

/** Runs the generation as a stream of events. */
export function stream(exchange: Exchange, generation: Generation, shape: StreamShape) {
  const out = new SseWriter(exchange);
  const { sequences } = generation;
  start(exchange, generation, {
    begin: () => shape.begin(out),
    advance(from, to) {
      if (out.full || out.stopped) return 0;
      let step = from;
      for (let going = true; going && step < to; step += 1) {
        for (let index = 0; going && index < sequences.length; index += 1) {
          const { pieces, endless } = sequences[index] as Sequence;
          if (step >= pieces.length && !endless) continue;
          const piece = pieces[endless ? step % pieces.length : step] as Piece;
          going = shape.token(out, index, piece, step, !endless && step === pieces.length - 1);
        }
      }
      out.flush();
      return step - from;
    },
    finish() {
      if (!out.stopped) shape.end(out);
    },
    die() {
      out.event(errorEvent(engineDead()), 0);
      out.end("[DONE]");
    },
  });
  // As vLLM does, the status goes out at once and the first token when it is there.
  if (!exchange.res.headersSent && !exchange.res.destroyed && exchange.work?.state !== "over") out.open();
}

/** Runs the generation and answers once, when it is done. */
export function whole(exchange: Exchange, generation: Generation, answer: () => string) {
  start(exchange, generation, {
    begin: () => undefined,
    advance: (from, to) => to - from,
    finish() {
      exchange.entry.sentTokens = exchange.entry.producedTokens;
      exchange.json(200, answer(), exchange.loadReport());
    },
    die: () => exchange.fail(engineDead()),
  });
}

type Steps = { begin(): void; advance(from: number, to: number): number; finish(): void; die(): void };

function start(exchange: Exchange, generation: Generation, steps: Steps) {
  const { options, engine } = exchange.pod;
  const { sequences, promptTokens, cachedTokens, seed } = generation;
  const { entry } = exchange;
  entry.promptTokens = promptTokens;
  entry.cachedTokens = cachedTokens;
  const vary = randomFrom(hashText(`pace ${entry.seq}`, seed));
  const factor = () => 1 + options.jitter * (2 * vary() - 1);
  exchange.work = engine.submit({
    ...steps,
    lengths: sequences.map(({ pieces, endless }) => (endless ? Number.POSITIVE_INFINITY : pieces.length)),
    reasons: sequences.map(({ finish }) => (finish === "length" ? "length" : "stop")),
    entry,
    // The engine sees each prompt `n` times.
    prefillTokens: (promptTokens * sequences.length) / generation.prompts,
    cachedTokens,
    ttftMs: options.ttftMs * factor(),
    intervalMs: options.tokensPerSecond > 0 ? (1_000 / options.tokensPerSecond) * factor() : 0,
    overflow: () => exchange.fail(engineBusy()),
  });
  // The client may have left while its body was still being read.
  if (exchange.res.destroyed) engine.abort(exchange.work);
}
