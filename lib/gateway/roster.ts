import { type Connections, createConnections } from "@/lib/http/connections";
import { guardedLookup } from "@/lib/pods/addresses";
import type { Evidence } from "@/lib/pods/probe";
import type { Call } from "./check";
import { choosePod } from "./choose-pod";
import { type LivePod, newPod, setKeys } from "./live-pod";
import type { PodFacts } from "./queries";

type Options = {
  load: () => Promise<readonly PodFacts[]>;
  /** Opens a sealed key of a pod. */
  unseal: (pod: PodFacts, sealedKey: Buffer) => string | null;
  /** Looks at the pods now and writes down their state and models; for a model nobody has been seen to serve. */
  probe: (evidence: Evidence) => Promise<void>;
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
  let onRefreshed: () => void = () => undefined;

  /** Reads the pods anew; connections of a pod whose address stays are kept. Rejects if the database can't say. */
  async function refresh() {
    const next = new Map<string, LivePod>();
    for (const facts of await load()) next.set(facts.id, livePod(facts, pods.get(facts.id)));
    const gone = [...pods.values()].filter((pod) => next.get(pod.facts.id)?.connections !== pod.connections);
    pods = next;
    // Requests in flight end on their own; only then the connections close.
    for (const { connections } of gone) connections.close();
    onRefreshed();
  }

  function livePod(facts: PodFacts, known: LivePod | undefined): LivePod {
    const pod = known?.facts.baseUrl === facts.baseUrl ? known : newLivePod(facts);
    pod.facts = facts;
    setKeys(pod, bearer(facts, facts.sealedKey), bearer(facts, facts.previousSealedKey));
    return pod;
  }

  function bearer(facts: PodFacts, sealedKey: Buffer | null) {
    const key = sealedKey === null ? null : unseal(facts, sealedKey);
    return key === null ? null : `Bearer ${key}`;
  }

  function newLivePod(facts: PodFacts) {
    const { origin, pathname } = new URL(facts.baseUrl);
    return newPod(facts, connect(origin), pathname.replace(/\/+$/, ""));
  }

  const active = () => [...pods.values()].filter(({ facts }) => facts.pausedAtMs === null);

  /** The pod for a call that can take it now; null if there is none. */
  function pick(call: Call, affinity: string | null, except?: ReadonlySet<LivePod>): LivePod | null {
    const at = now();
    const pod = choosePod(pods.values(), call, { now: at, wallMs: Date.now(), affinity, except });
    pod?.breaker.pass(at);
    pod?.doubts.pass(at);
    return pod;
  }

  /** Has the pods looked at now, at most once a second however many wait for it. */
  function look(): Promise<void> {
    if (probing !== null) return probing;
    if (now() - probedAt < PROBE_AGAIN_MS) return Promise.resolve();
    probing = probe(evidence)
      .then(refresh)
      .catch(() => undefined)
      .finally(() => {
        probing = null;
        probedAt = now();
      });
    return probing;
  }

  const evidence: Evidence = {
    tokensSeenAt(podId) {
      const at = pods.get(podId)?.tokensSeenAt ?? -Infinity;
      return at === -Infinity ? null : Date.now() - (now() - at);
    },
    isSuspect(podId) {
      const pod = pods.get(podId);
      return pod !== undefined && pod.suspectedAt > pod.tokensSeenAt;
    },
    busySince(podId) {
      const pod = pods.get(podId);
      return pod === undefined || pod.inFlight === 0 ? null : Date.now() - (now() - pod.busySince);
    },
  };

  function close() {
    for (const { connections } of pods.values()) connections.destroy();
  }

  return {
    refresh,
    pick,
    look,
    active,
    evidence,
    close,
    /** Has `heard` told of each refresh; there is one who is. */
    whenRefreshed(heard: () => void) {
      onRefreshed = heard;
    },
  };
}
