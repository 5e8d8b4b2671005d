import type { Tone } from "@/app/_ui/status";
import type { Glyph } from "@/app/_ui/status-glyph";

/** What the pages need of a pod. */
export type PodState = {
  name: string;
  state: string;
  models: readonly string[];
  pausedAt: Date | null;
  simulatedAt: Date | null;
  /** How long calls wait for it now. */
  waitSeconds: number;
  /** It is asleep, and the next call starts it. */
  isWokenByCalls: boolean;
};

export type PodStanding = {
  tone: Tone;
  glyph: Glyph;
  /** For the sidebar: "atlas is serving". */
  words: string;
  /** For the phone's top bar: "Serving". */
  word: string;
  /** Models that can be asked for now, in the pods' order. */
  models: string[];
  isServing: boolean;
  isSimulated: boolean;
  /** For how long a call waits for one that may serve soon; 0 where calls are refused at once. */
  waitSeconds: number;
  /** A call starts one that is asleep. */
  isWokenByCalls: boolean;
};

/** How each state looks and reads. */
export const STATES: Record<string, { tone: Tone; glyph: Glyph; word: string; words: string }> = {
  serving: { tone: "ok", glyph: "disc", word: "Serving", words: "is serving" },
  loading: { tone: "info", glyph: "half", word: "Loading", words: "is loading" },
  asleep: { tone: "idle", glyph: "ring", word: "Asleep", words: "is asleep" },
  unreachable: { tone: "danger", glyph: "cross", word: "Unreachable", words: "is unreachable" },
  refusing_key: { tone: "danger", glyph: "cross", word: "Refusing the key", words: "refuses its key" },
  failing: { tone: "danger", glyph: "cross", word: "Failing", words: "is failing" },
  unknown: { tone: "idle", glyph: "ring", word: "Not checked yet", words: "was not checked yet" },
};

/** Order in which one pod speaks for several: the best comes first. */
const BEST_FIRST = ["serving", "loading", "asleep", "unknown", "failing", "refusing_key", "unreachable"];

/** What the team's pods amount to in one line. */
export function standingOf(pods: readonly PodState[]): PodStanding {
  const awake = pods.filter(({ pausedAt }) => pausedAt === null);
  const serving = awake.filter(({ state }) => state === "serving");
  const models = [...new Set(serving.flatMap((pod) => pod.models))];
  const rest = {
    models,
    isServing: serving.length > 0,
    isSimulated: serving.some((pod) => pod.simulatedAt !== null),
    waitSeconds: Math.max(0, ...awake.map((pod) => pod.waitSeconds)),
    isWokenByCalls: awake.some((pod) => pod.isWokenByCalls),
  };
  if (pods.length === 0) return { tone: "idle", glyph: "ring", word: "No pod", words: "No pod yet", ...rest };
  const [best] = awake.toSorted((a, b) => BEST_FIRST.indexOf(a.state) - BEST_FIRST.indexOf(b.state));
  if (!best) return { tone: "idle", glyph: "bars", word: "Paused", words: "Every pod is paused", ...rest };
  const { tone, glyph, word, words } = STATES[best.state] ?? {
    ...STATES.unknown,
    tone: "idle",
    glyph: "ring",
    word: best.state,
    words: "",
  };
  const name = serving.length > 1 ? `${serving.length} pods` : best.name;
  return { tone, glyph, word, words: serving.length > 1 ? `${name} are serving` : `${name} ${words}`, ...rest };
}
