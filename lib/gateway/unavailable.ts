import { AppError } from "@/lib/errors";
import type { Call } from "./check";
import type { LivePod } from "./live-pod";

const IN_WORDS: Readonly<Record<string, { is: string; seconds: number }>> = {
  loading: { is: "is still loading its model, which takes minutes after a start", seconds: 15 },
  asleep: { is: "is asleep, and an admin has to wake it", seconds: 60 },
  waking: { is: "is asleep and is being woken, which takes minutes", seconds: 60 },
  not_woken: { is: "is asleep and could not be woken; admins see why under Pods", seconds: 30 },
  unreachable: { is: "cannot be reached", seconds: 10 },
  refusing_key: { is: "refuses Podpass' own key, which an admin has to replace", seconds: 30 },
  failing: { is: "is failing: it answers, but produces no tokens", seconds: 30 },
};

const USUAL = { is: "is not ready", seconds: 5 };

/** The refusal while no pod can serve: its state in words for people, and as a word for programs. */
export class PodUnavailable extends AppError {
  readonly state: string;

  constructor(state: string, sentence: string, retryAfterSeconds: number, details: { cause?: unknown } = {}) {
    super("pod_unavailable", `${sentence} Try again ${retryAfterSeconds >= 30 ? "later" : "shortly"}.`, {
      retryAfterSeconds,
      ...details,
    });
    this.state = state;
  }
}

/** With `as` where more is known than the state, which stays the word for programs. */
export function podUnavailable(state: string | undefined, as = state): PodUnavailable {
  if (state === undefined) return new PodUnavailable("none", "No pod is set up, or all are paused.", 60);
  const { is, seconds } = IN_WORDS[as ?? state] ?? USUAL;
  return new PodUnavailable(state, `The pod ${is}.`, seconds);
}

/** Why no pod takes a call: the call's own mistake, or the state of the pod that might have. */
export function whyNone(pods: readonly LivePod[], { model, needs }: Call, now: number): AppError {
  const serving = pods.filter(({ facts }) => facts.state === "serving");
  const willing = serving.filter(({ facts }) => facts.models.includes(model));
  if (willing.length > 0 && !willing.some((pod) => allowsNeeds(pod, needs))) return switchedOff(needs, willing);
  const candidates = candidatesFor(pods, model);
  const [resting] = willing;
  // It serves as far as anybody has looked, and has just failed the calls that came.
  if (resting !== undefined)
    return new PodUnavailable("unreachable", "The pod cannot be reached.", pauseOf(resting, now));
  if (serving.length > 0 && !candidates.some(({ facts }) => facts.models.includes(model))) {
    return new AppError("model_not_found", "No pod serves this model. GET /v1/models lists those you can use.", {
      param: "model",
    });
  }
  const best = candidates.toSorted((a, b) => likelihood(a) - likelihood(b))[0] ?? pods[0];
  return podUnavailable(best?.facts.state, best && sleepOf(best));
}

function sleepOf({ facts: { state, wakesWhenCalled, wakeFailed } }: LivePod) {
  if (state !== "asleep" || !wakesWhenCalled) return state;
  return wakeFailed ? "not_woken" : "waking";
}

/** The pods that serve a model once they serve, as far as anybody knows: those that have served it, and those nothing is known of. */
export function candidatesFor(pods: readonly LivePod[], model: string): LivePod[] {
  return pods.filter(({ facts }) => facts.models.includes(model) || facts.models.length === 0);
}

export function allowsNeeds({ facts }: LivePod, needs: Call["needs"]): boolean {
  return needs.every(({ by }) =>
    by === "patterns" ? facts.patternsAllowedAtMs !== null : facts.remoteMediaForbiddenAtMs === null,
  );
}

const SOONEST_FIRST = ["loading", "unknown", "asleep", "unreachable", "failing", "refusing_key"];

function likelihood({ facts }: LivePod) {
  return SOONEST_FIRST.indexOf(facts.state);
}

function pauseOf({ breaker }: LivePod, now: number) {
  return Math.max(1, Math.ceil(breaker.waitMs(now) / 1_000));
}

function switchedOff(needs: Call["needs"], serving: LivePod[]) {
  const missing = needs.find((need) => !serving.some((pod) => allowsNeeds(pod, [need]))) ?? needs[0];
  const param = missing?.param ?? null;
  const what = missing?.by === "remoteMedia" ? "names remote media" : "uses a regex, a grammar or a pattern";
  return new AppError(
    "unsupported_parameter",
    `${param} ${what}, which no pod here allows. An admin can allow it under Pods.`,
    { param },
  );
}
