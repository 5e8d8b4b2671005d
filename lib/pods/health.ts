import type { PodProblem } from "./connection";

export type PodState = "serving" | "loading" | "asleep" | "unreachable" | "refusing_key" | "failing" | "unknown";

/** What one look at a pod found: that it serves, or why not. */
export type Sighting = { ok: true } | { ok: false; reason: PodProblem };

export type PodHealth = {
  state: PodState;
  since: Date | null;
  reason: PodProblem | null;
  /** What the last sightings in a row pointed to, where that is not the state. */
  leaning: { state: PodState; count: number } | null;
};

/** So many sightings in a row end a state: one lost probe is no outage, and one good answer no recovery. */
const SIGHTINGS_TO_LEAVE_SERVING = 2;
const SIGHTINGS_TO_RETURN = 2;
/** A machine that was started may be silent for so long before its absence is one. */
const LONGEST_WAKING_MS = 15 * 60_000;
/** A machine that was told to stop may go on answering for so long. */
const LONGEST_STOPPING_MS = 3 * 60_000;
/** A model loads within minutes: what has been gone for longer is not about to come. */
const LONGEST_RESTART_MS = 15 * 60_000;

const STATE_OF: Record<PodProblem, PodState> = {
  forbidden_address: "unreachable",
  name_not_found: "unreachable",
  refused: "unreachable",
  refused_here: "unreachable",
  bound_to_loopback: "unreachable",
  unreachable: "unreachable",
  tls: "unreachable",
  timeout: "unreachable",
  broken: "unreachable",
  redirected: "unreachable",
  not_vllm: "unreachable",
  proxy_limit: "unreachable",
  key_missing: "refusing_key",
  wrong_key: "refusing_key",
  loading: "loading",
  waking: "loading",
  stopping: "asleep",
  engine_dead: "failing",
  no_tokens: "failing",
};

/** The machine is there and nothing listens: so a vLLM looks that is being restarted, until its model is loaded. */
const RESTARTING: ReadonlySet<string> = new Set<PodProblem>(["refused", "refused_here", "broken"]);

/** A pod nobody has looked at. */
export const UNSEEN: PodHealth = { state: "unknown", since: null, reason: null, leaning: null };

/** A pod that was put to sleep: its silence is no trouble, until it is woken or answers. */
export function asleep(now: Date): PodHealth {
  return { state: "asleep", since: now, reason: null, leaning: null };
}

/** A pod whose machine was told to start: it counts as loading while nothing is heard of it. */
export function waking(now: Date): PodHealth {
  return { state: "loading", since: now, reason: "waking", leaning: null };
}

/** A pod whose machine was told to stop: its last answers wake nobody. */
export function stopping(now: Date): PodHealth {
  return { state: "asleep", since: now, reason: "stopping", leaning: null };
}

/** The health after one more sighting. */
export function afterSighting(health: PodHealth, sighting: Sighting, now: Date): PodHealth {
  const seen = sighting.ok ? "serving" : STATE_OF[sighting.reason];
  const reason = sighting.ok ? null : sighting.reason;
  if (seen === "unreachable" && isExpectedSilent(health, now)) return silent(health);
  if (isStillStopping(health, now)) return { ...health, leaning: null };
  if (seen === health.state) return { ...health, reason, leaning: null };

  const count = isLeaningTo(health, seen) ? (health.leaning?.count ?? 0) + 1 : 1;
  if (count < needed(health.state, seen)) return { ...health, leaning: { state: seen, count } };
  return { state: seen, since: now, reason, leaning: null };
}

/** True for a pod that calls may wait for: it loads, or it looks as one does that is being restarted. */
export function mayServeSoon(state: string, reason: string | null, sinceMs: number | null, nowMs: number): boolean {
  if (state === "loading" || state === "unknown") return true;
  const isRestarting = state === "unreachable" && reason !== null && RESTARTING.has(reason);
  return isRestarting && sinceMs !== null && nowMs - sinceMs < LONGEST_RESTART_MS;
}

/** Silence is what a stop was for: from then on an answer is news. */
function silent(health: PodHealth): PodHealth {
  return { ...health, reason: health.reason === "stopping" ? null : health.reason, leaning: null };
}

function isStillStopping({ reason, since }: PodHealth, now: Date) {
  return reason === "stopping" && since !== null && now.getTime() - since.getTime() < LONGEST_STOPPING_MS;
}

function isExpectedSilent({ state, reason, since }: PodHealth, now: Date) {
  if (state === "asleep") return true;
  return reason === "waking" && since !== null && now.getTime() - since.getTime() < LONGEST_WAKING_MS;
}

/** Leaving `serving` counts whatever is wrong: a pod that is refused once and times out once does not serve. */
function isLeaningTo({ state, leaning }: PodHealth, seen: PodState) {
  return state === "serving" ? leaning !== null : leaning?.state === seen;
}

function needed(from: PodState, to: PodState) {
  if (from === "serving") return SIGHTINGS_TO_LEAVE_SERVING;
  // A model that was loading serves from its first answer on, and what was never seen has nothing to flap from.
  if (to === "serving") return from === "unreachable" || from === "failing" ? SIGHTINGS_TO_RETURN : 1;
  return 1;
}
