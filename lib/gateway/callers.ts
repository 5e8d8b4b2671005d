import { env } from "@/lib/env";
import { createCallerCache } from "@/lib/keys/cache";
import { watchKeyChanges } from "@/lib/keys/changes";
import { log } from "@/lib/log";
import { notifyReplicas, trimKeyChanges } from "./mutations";
import { changesSince, loadCallers, readEpoch } from "./queries";

export type Callers = ReturnType<typeof openCallers>;

/**
 * Who calls, for one gateway process: the cache over the process's database, kept current by notices and polls. Judge what
 * `get` returns with `verdictOn(facts, dbNow())` on every request; both throw `database_unavailable` and nothing else.
 * `onChange` also tells of each change, for whoever watches long streams, pods or the policy.
 */
export function openCallers(onChange?: (keyIds: readonly string[] | "all", epoch: number) => void) {
  const cache = createCallerCache({ load: (digests) => loadCallers(digests) });
  const changes = watchKeyChanges({
    connectionString: env.DATABASE_URL ?? "",
    readEpoch: () => readEpoch(),
    changesSince: (epoch) => changesSince(epoch),
    notify: (payload) => notifyReplicas(payload),
    trim: () => trimKeyChanges(),
    onChange: forget,
    log,
  });

  function forget(keyIds: readonly string[] | "all", epoch: number) {
    cache.invalidate(keyIds, epoch);
    onChange?.(keyIds, epoch);
  }

  return {
    get: cache.get,
    /** Whether `get` would answer from memory. */
    has: cache.has,
    dbNow: changes.dbNow,
    /** For changes made on this machine: in force here before their answer leaves, whenever the notice arrives. */
    forget,
    /** Resolves when the database has answered once and its time is known. */
    ready: changes.ready,
    catchUp: changes.catchUpNow,
    stats: () => ({ cache: cache.stats(), changes: changes.state() }),
    stop: changes.stop,
  };
}
