import { AppError } from "@/lib/errors";
import { type Connections, createConnections } from "@/lib/http/connections";
import { guardedLookup } from "@/lib/pods/addresses";
import type { Call } from "./check";
import type { Upstream } from "./forward";
import type { PodFacts } from "./queries";

/** A pod that can be asked. */
export type LivePod = {
  facts: PodFacts;
  connections: Connections;
  /** `Bearer …`, or null where the pod asks for no key. */
  authorization: string | null;
  /** The path under which the pod's API lies, for pods behind a path; usually empty. */
  basePath: string;
  inFlight: number;
};

type Options = {
  load: () => Promise<readonly PodFacts[]>;
  /** Opens a pod's sealed key. */
  unseal: (pod: PodFacts) => string | null;
  /** Looks at the pods now and writes down their state and models; for a model nobody has been seen to serve. */
  probe: () => Promise<void>;
  now?: () => number;
  connect?: (origin: string) => Connections;
};

export type Roster = ReturnType<typeof createRoster>;

/** Nothing changes faster than this for a caller who waits: a model that was just loaded is found within it. */
const PROBE_AGAIN_MS = 1_000;

/** The very address that is dialled is judged: a pod's name can't be turned towards a metadata service later. */
const connectTo = (origin: string) => createConnections(origin, { lookup: guardedLookup });

/** The pods as the database last described them, each with its connections. */
export function createRoster({ load, unseal, probe, now = () => performance.now(), connect = connectTo }: Options) {
  let pods = new Map<string, LivePod>();
  let probing: Promise<void> | null = null;
  let probedAt = -Infinity;

  /** Reads the pods anew; connections of a pod whose address stays are kept. Rejects if the database can't say. */
  async function refresh() {
    const next = new Map<string, LivePod>();
    for (const facts of await load()) next.set(facts.id, livePod(facts, pods.get(facts.id)));
    const gone = [...pods.values()].filter((pod) => next.get(pod.facts.id)?.connections !== pod.connections);
    pods = next;
    // Requests in flight end on their own; only then the connections close.
    for (const { connections } of gone) connections.close();
  }

  function livePod(facts: PodFacts, known: LivePod | undefined): LivePod {
    const key = unseal(facts);
    const authorization = key === null ? null : `Bearer ${key}`;
    if (known?.facts.baseUrl === facts.baseUrl) {
      known.facts = facts;
      known.authorization = authorization;
      return known;
    }
    const { origin, pathname } = new URL(facts.baseUrl);
    return { facts, authorization, connections: connect(origin), basePath: pathname.replace(/\/+$/, ""), inFlight: 0 };
  }

  const active = () => [...pods.values()].filter(({ facts }) => facts.pausedAtMs === null);

  /** The pod for a call: serving ones first, then the one with the least in flight for its weight. Throws why there is none. */
  async function choose(call: Call): Promise<LivePod> {
    const chosen = pick(call);
    if (chosen !== null) return chosen;
    await look();
    const found = pick(call);
    if (found !== null) return found;
    throw nobodyServes(active());
  }

  function pick({ model, needs }: Call): LivePod | null {
    const serving = active().filter(({ facts }) => facts.models.includes(model));
    if (serving.length === 0) return null;
    const allowed = serving.filter(({ facts }) => needs.every(({ by }) => isOn(facts, by)));
    if (allowed.length === 0) throw switchedOff(needs, serving);
    return allowed.reduce((best, pod) => (rank(pod) < rank(best) ? pod : best));
  }

  /** Has the pods looked at now, at most once a second however many wait for it. */
  function look(): Promise<void> {
    if (probing !== null) return probing;
    if (now() - probedAt < PROBE_AGAIN_MS) return Promise.resolve();
    probing = probe()
      .then(refresh)
      .catch(() => undefined)
      .finally(() => {
        probing = null;
        probedAt = now();
      });
    return probing;
  }

  function close() {
    for (const { connections } of pods.values()) connections.destroy();
  }

  return { refresh, choose, active, close };
}

/** How a call reaches its pod. The path is the route's own constant. */
export function upstreamOf(pod: LivePod, call: Call): Upstream {
  return { connections: pod.connections, path: pod.basePath + call.route.path, authorization: pod.authorization };
}

function rank({ facts, inFlight }: LivePod) {
  const load = inFlight / Math.max(1, facts.weight);
  return facts.state === "serving" ? load : load + 1_000_000;
}

function isOn(facts: PodFacts, by: "patterns" | "remoteMedia") {
  return by === "patterns" ? facts.patternsAllowedAtMs !== null : facts.remoteMediaForbiddenAtMs === null;
}

function switchedOff(needs: Call["needs"], serving: LivePod[]) {
  const missing = needs.find(({ by }) => !serving.some(({ facts }) => isOn(facts, by))) ?? needs[0];
  const param = missing?.param ?? null;
  const what = missing?.by === "remoteMedia" ? "names remote media" : "uses a regex, a grammar or a pattern";
  return new AppError(
    "unsupported_parameter",
    `${param} ${what}, which no pod here allows. An admin can allow it under Pods.`,
    { param },
  );
}

const IN_WORDS: Readonly<Record<string, string>> = {
  loading: "is still loading its model",
  unreachable: "cannot be reached",
  refusing_key: "refuses Podpass' own key",
  failing: "is failing",
};

/** Without a pod that serves anything it is the pods; otherwise it is the model's name. */
function nobodyServes(pods: LivePod[]) {
  const troubled = pods.find(({ facts }) => facts.state !== "serving");
  if (pods.length > 0 && troubled === undefined) {
    return new AppError("model_not_found", "No pod serves this model. GET /v1/models lists those you can use.", {
      param: "model",
    });
  }
  return podUnavailable(troubled?.facts.state);
}

/** The refusal while no pod can serve, with its state in words. */
export function podUnavailable(state: string | undefined) {
  const sentence =
    state === undefined ? "No pod is set up or all are paused." : `The pod ${IN_WORDS[state] ?? "is not ready"}.`;
  return new AppError("pod_unavailable", `${sentence} Try again shortly.`, { retryAfterSeconds: 5 });
}
