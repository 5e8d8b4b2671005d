import { AppError } from "../errors";
import { type Account, type Ask, type LimitStore, nameOf, type Use, type Verdict } from "./ask";
import type { Ledger } from "./ledger";
import type { RedisStore } from "./redis-store";

/** After a failure Redis is left alone for so long: nobody waits for it call by call. */
const REST_MS = 1_000;

type Options = {
  redis: RedisStore;
  /** What counts while Redis is away. */
  local: Ledger;
  /** Processes that share the limits, at least 1. */
  replicas: () => number;
  /** Monotonic ms. */
  now: () => number;
  onAway: (error: unknown) => void;
  onBack: () => void;
};

/**
 * Limits in Redis, and while it is away this process' part of each: the limit divided by the replicas. Budgets have no such
 * part, so a call that one applies to is refused with 503 until Redis is back, which needs no restart.
 */
export function createReplicatedStore({ redis, local, replicas, now, onAway, onBack }: Options) {
  const takenHere = new Set<string>();
  let awaySince: number | null = null;
  let askAgainAt = -Infinity;

  async function asked<T>(question: () => Promise<T>): Promise<{ answer: T } | null> {
    if (now() < askAgainAt) return null;
    try {
      const answer = await question();
      if (awaySince !== null) onBack();
      awaySince = null;
      return { answer };
    } catch (error) {
      if (awaySince === null) onAway(error);
      awaySince ??= now();
      askAgainAt = now() + REST_MS;
      return null;
    }
  }

  async function take(ask: Ask): Promise<Verdict> {
    const found = await asked(() => redis.take(ask));
    return found?.answer ?? takeHere(ask);
  }

  function takeHere(ask: Ask): Verdict {
    if (ask.accounts.some(({ limits }) => limits.monthlyTokens !== null || limits.monthlyMicroUsd !== null))
      throw budgetUnknown();
    const part = { ...ask, accounts: ask.accounts.map((account) => partOf(account, replicas())) };
    const verdict = local.take(part);
    if (verdict.is === "taken") takenHere.add(ask.id);
    if (verdict.is !== "refused") return verdict;
    // A refusal speaks of the limit that people know.
    const account = ask.accounts.find((whole) => nameOf(whole) === nameOf(verdict.by.account)) ?? verdict.by.account;
    return { ...verdict, by: { ...verdict.by, account } };
  }

  function end(id: string, use: Use | null) {
    if (!takenHere.delete(id)) void asked(() => redis.end(id, use));
    else if (use === null) local.giveBack(id);
    else local.settle(id, use);
  }

  const store: LimitStore = {
    take,
    async standings(accounts, month) {
      const found = await asked(() => redis.standings(accounts, month));
      return found?.answer ?? local.standings(accounts, month);
    },
    settle: (id, use) => end(id, use),
    giveBack: (id) => end(id, null),
    async seed(account, month, spent) {
      if ((await asked(() => redis.seed(account, month, spent))) === null) throw budgetUnknown();
    },
  };
  return {
    store,
    isAway: () => awaySince !== null,
    /** Asks Redis something of no importance: its going and its return are noticed without traffic too. Never rejects. */
    look: async (question: () => Promise<unknown>) => void (await asked(question)),
  };
}

/** At least one of each: a limit that is there never becomes none, and never forbids all. */
function partOf(account: Account, replicas: number): Account {
  const part = (limit: number | null) =>
    limit === null ? null : Math.max(1, Math.floor(limit / Math.max(1, replicas)));
  const { rpm, tpm, concurrency } = account.limits;
  return {
    ...account,
    limits: {
      rpm: part(rpm),
      tpm: part(tpm),
      concurrency: part(concurrency),
      monthlyTokens: null,
      monthlyMicroUsd: null,
    },
  };
}

function budgetUnknown() {
  return new AppError("database_unavailable", "Podpass cannot tell right now how much of the month's budget is left.", {
    retryAfterSeconds: 5,
  });
}
