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
  engine_dead: "failing",
  no_tokens: "failing",
};

/** A pod nobody has looked at. */
export const UNSEEN: PodHealth = { state: "unknown", since: null, reason: null, leaning: null };

/** The health after one more sighting. */
export function afterSighting(health: PodHealth, sighting: Sighting, now: Date): PodHealth {
  const seen = sighting.ok ? "serving" : STATE_OF[sighting.reason];
  const reason = sighting.ok ? null : sighting.reason;
  if (seen === health.state) return { ...health, reason, leaning: null };

  const count = isLeaningTo(health, seen) ? (health.leaning?.count ?? 0) + 1 : 1;
  if (count < needed(health.state, seen)) return { ...health, leaning: { state: seen, count } };
  return { state: seen, since: now, reason, leaning: null };
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
