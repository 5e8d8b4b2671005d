import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { recordFlood } from "@/lib/abuse/mutations";
import { digestPrefixes } from "@/lib/abuse/queries";
import { createUseWatch } from "@/lib/abuse/watch";
import { openCostKeeper } from "@/lib/costs/keeper";
import type { Env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { NO_LIMITS } from "@/lib/keys/limits";
import { createAdmit, monthOf } from "@/lib/limits/admit";
import type { Account, LimitStore } from "@/lib/limits/ask";
import { writeLimitsTrouble } from "@/lib/limits/mutations";
import { openLimits } from "@/lib/limits/open-limits";
import { countReplicas, spentInMonth } from "@/lib/limits/queries";
import { limitsTrouble, tellLimitsTrouble } from "@/lib/limits/standing";
import { log } from "@/lib/log";
import type { Mail } from "@/lib/mail/send";
import { openPowerKeeper } from "@/lib/pods/power/keeper";
import type { PodProbe } from "@/lib/pods/probe";
import { openPodKey } from "@/lib/pods/seal";
import { deriveKey } from "@/lib/secrets";
import { createRecorder } from "@/lib/usage/recorder";
import { newRequestId, timeOf } from "@/lib/usage/request-id";
import { createAdmission } from "./admission";
import { createAskAgain } from "./ask-again";
import { createAuthenticate } from "./authenticate";
import { openCallers } from "./callers";
import { createCheck } from "./check";
import { createCredentialGuard } from "./credential-guard";
import { createFindPod } from "./find-pod";
import type { Patience } from "./forward";
import { createGateway, type LogLine } from "./gateway";
import { createLiveCalls, type LiveCallWaits } from "./live-calls";
import { createLook } from "./look";
import { loadPods, loadPolicy, type PodFacts, type PolicyFacts } from "./queries";
import { createRelayCall } from "./relay-call";
import { createRoster } from "./roster";
import { matchRoute } from "./routes";
import { keepProgress } from "./stream-progress";
import { createWaitingRoom } from "./waiting-room";

/** How long anything is waited for, in ms. */
export type Waits = Patience & LiveCallWaits & { progressMs: number } & { countReplicasMs: number };

/** A plain answer may wait in the pod's queue for minutes; a stream that falls silent for one is broken. */
const PATIENCE: Patience = { firstByteMs: 300_000, idleMs: 60_000 };
/** Pods and policy are edited by hand and rarely: a change is in force within this. */
const REFRESH_MS = 2_000;
/** How often the pods are looked at. One look follows the other, however long it takes. */
const PROBE_MS = 5_000;
const FIRST_PROBE_MS = 1_500;

type Options = {
  env: Env;
  /** Looks at every pod and writes its state and models down. */
  probe: PodProbe;
  /** Sees each request's end, as the log does: for metrics. */
  observe?: (line: LogLine) => void;
  /** Where limits are kept that this process shares with others; without it, in this process. */
  limits?: LimitStore | undefined;
  /** Other than the usual waits. */
  waits?: Partial<Waits>;
};

export type OpenGateway = Awaited<ReturnType<typeof openGateway>>;

/**
 * The gateway with its real parts: cache, journal, pods. One a process. `handle` never rejects.
 * Opens although the database is away, and answers 503 until it is back.
 */
export async function openGateway({ env, probe, observe, limits, waits = {} }: Options) {
  const databaseUrl = env.DATABASE_URL;
  if (databaseUrl === undefined) throw new AppError("database_unavailable", "DATABASE_URL is not set.");
  const pepper = deriveKey(env.PODPASS_SECRET, "pepper");
  const sealingKey = deriveKey(env.PODPASS_SECRET, "podKey");

  const patience = { ...PATIENCE, ...waits };
  const liveCalls = createLiveCalls(waits);
  // A key that changed may have streams running: they are looked at at once.
  const callers = openCallers((keyIds) => {
    liveCalls.keyChanged(keyIds);
    guard.keyChanged();
  });
  const guard = createCredentialGuard({
    trustedProxies: env.TRUSTED_PROXIES,
    isInMemory: callers.has,
    loadDigests: (bytes, most) => digestPrefixes(bytes, most),
    onFlood(source, failures) {
      log.warn({ source, failures }, "many API keys from one source open nothing");
      recordFlood(source, failures, new Date(clockNow())).catch((err: unknown) =>
        log.warn({ err }, "admins could not be told of it"),
      );
    },
  });
  const recorder = createRecorder({ journalDir: join(env.PODPASS_DATA_DIR, "journal"), databaseUrl, log });
  const progress = keepProgress({ calls: liveCalls.all, write: recorder.progress, everyMs: waits.progressMs });
  const roster = createRoster({ load: () => loadPods(), unseal, probe });
  const room = createWaitingRoom({ look: roster.look });
  roster.whenRefreshed(room.serve);
  const finding = createFindPod({
    roster,
    room,
    onNeeded: (podId) => power.wanted(podId),
    now: () => performance.now(),
  });
  let isStrict = false;
  let roleLimits: PolicyFacts["roleLimits"] | null = null;

  const authenticate = createAuthenticate({ pepper, lookUp: callers.get, dbNow: callers.dbNow, guard });
  const kept = await openLimits({
    redisUrl: env.REDIS_URL,
    workers: env.WEB_CONCURRENCY,
    shared: limits,
    countReplicas: () => countReplicas(),
    countEveryMs: waits.countReplicasMs,
    log,
  });
  const telling = tellLimitsTrouble({
    current: () => limitsTrouble(kept.stats()),
    write: (trouble) => writeLimitsTrouble(recorder.replicaId, trouble),
  });
  const useWatch = createUseWatch({
    log,
    publicUrl: env.PUBLIC_URL,
    sendMail: env.SMTP_URL === undefined ? null : mail,
  });
  const admit = createAdmit({
    store: kept.store,
    roleLimits: (role) => roleLimits?.[role] ?? NO_LIMITS,
    spentOf: (account, month) => spentInMonth(account, month),
    now: () => performance.now(),
    wall: clockNow,
  });
  const admission = createAdmission({
    roster,
    finding,
    admit,
    // Started while the database was away: the policy's limits are not known yet, and are not taken for none.
    areLimitsKnown: () => roleLimits !== null,
    learnLimits: refresh,
    replicas: kept.replicas,
    now: () => performance.now(),
  });
  const relay = createRelayCall({
    askAgain: createAskAgain({ roster, hold: admission.hold, enter: admission.enter }),
    callers,
    liveCalls,
    patience,
    pepper,
    roster,
  });
  const check = createCheck({ trustedProxies: env.TRUSTED_PROXIES, isStrict: () => isStrict });

  const handle = createGateway({
    newId,
    now: () => performance.now(),
    route: matchRoute,
    authenticate,
    ...check,
    look: createLook({ pods: roster.active }),
    admit: admission.admit,
    record: {
      open(event, ip) {
        useWatch.saw(event.keyId, ip);
        return recorder.open(event, ip);
      },
      final: recorder.final,
    },
    forward: relay,
    log(line) {
      observe?.(line);
      writeLine(line);
    },
  });

  /** Ids carry the database's time, so that buckets are the same on every replica. */
  function newId() {
    const id = newRequestId(clockNow());
    return { id, atMs: timeOf(id) };
  }

  function clockNow() {
    try {
      return callers.dbNow();
    } catch {
      return Date.now(); // nobody will be let in at such a time, but their refusal needs an id
    }
  }

  function unseal({ id, name }: PodFacts, sealedKey: Buffer): string | null {
    try {
      return openPodKey(id, sealedKey, sealingKey);
    } catch (error) {
      log.error({ err: error, pod: name }, "a pod's key cannot be opened");
      return null;
    }
  }

  async function refresh() {
    await roster.refresh();
    const policy = await loadPolicy();
    isStrict = policy.strictFieldsAtMs !== null;
    roleLimits = policy.roleLimits;
  }

  let isAway = false;
  const refreshing = setInterval(() => {
    refresh().then(
      () => {
        isAway = false;
      },
      (error: unknown) => {
        if (!isAway) log.warn({ err: error }, "pods and policy cannot be read; the last known ones are used");
        isAway = true;
      },
    );
  }, REFRESH_MS);
  await refresh().catch(() => undefined);

  const costs = openCostKeeper(log);
  const power = openPowerKeeper({ log, onSwitched: () => void refresh().catch(() => undefined) });
  let probing: NodeJS.Timeout | undefined;
  let isClosed = false;
  async function keepProbing() {
    // What was seen is in force at once. The database may be away: the regular refresh says so.
    await probe(roster.evidence)
      .then(refresh)
      .catch(() => undefined);
    if (!isClosed) probing = setTimeout(() => void keepProbing(), PROBE_MS).unref();
  }
  // The first call after a start finds its pod; a pod that hangs holds nobody up for longer.
  await Promise.race([keepProbing(), sleep(FIRST_PROBE_MS, undefined, { ref: false })]);

  return {
    handle,
    /** Drops what is remembered of these keys: a change made on this machine is in force before its answer leaves. */
    forget: callers.forget,
    /** Settles when every key change committed so far is in force here. */
    catchUp: callers.catchUp,
    /** Ends all streams, each with an event that says why. */
    endStreams() {
      const refusal = new AppError("shutting_down", "Podpass is restarting. Send the request again.");
      room.sendAway(refusal);
      liveCalls.stopAll(refusal);
    },
    /** Reads pods and policy now; they are read every two seconds anyway. Rejects if the database can't say. */
    refresh,
    /** How these accounts stand now, in this calendar month. */
    standings: async (accounts: readonly Account[]) => kept.store.standings(accounts, monthOf(clockNow())),
    /** Resolves when every request that ended so far has its row. */
    flush: recorder.flush,
    /** Looks for unusual use of keys now; it is looked for every minute anyway. */
    lookForUnusualUse: useWatch.lookNow,
    stats: () => ({
      live: liveCalls.size(),
      streams: liveCalls.streams(),
      waiting: admission.waiting(),
      pods: roster.active().map(({ facts }) => ({ name: facts.name, state: facts.state })),
      recorder: recorder.stats(),
      limits: kept.stats(),
      credentials: guard.stats(),
      ...callers.stats(),
    }),
    /** Writes what is left of usage, then gives everything back. */
    async close() {
      isClosed = true;
      clearInterval(refreshing);
      clearTimeout(probing);
      progress.stop();
      liveCalls.close();
      kept.close();
      await costs.close();
      await power.close();
      telling.close();
      await useWatch.close();
      await recorder.close();
      await Promise.all([callers.stop(), roster.close()]);
    },
  };
}

/** Loaded by the first letter: most processes send none. */
async function mail(letter: Mail) {
  const { sendMail } = await import("@/lib/mail/send");
  return sendMail(letter);
}

/** One wide line a request; a failure of ours with its cause, a caller's mistake without noise. */
function writeLine({ requestId, path, status, attempt, error }: LogLine) {
  const isOurs = error !== null && error.answer.status >= 500;
  if (!isOurs && !log.isLevelEnabled("debug")) return;
  const line = {
    requestId,
    path: path.slice(0, 128),
    status,
    keyId: attempt?.caller.keyId,
    podId: attempt?.podId ?? undefined,
    code: error?.code,
    ...(isOurs && { err: error }),
  };
  if (isOurs) log.warn(line, "request failed");
  else log.debug(line, "request");
}
