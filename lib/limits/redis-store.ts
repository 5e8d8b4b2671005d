import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { LimitName } from "../keys/limits";
import { type Account, type Ask, type Meter, nameOf, type Spent, type Standing, type Use, type Verdict } from "./ask";
import { END, RENEW, SEED, STAND, TAKE } from "./redis-scripts";

/** A replica that dies gives its places back within this. */
const LEASE_MS = 60_000;
const RENEW_MS = 20_000;

/** The scripts' own form of a verdict: accounts by their place in the ask, counted from 1. */
type Answer = {
  is: Verdict["is"];
  unknown?: number[];
  account?: number;
  limit?: LimitName;
  after?: number;
  requests?: Meter;
  tokens?: Meter;
};

/** A store whose calls may fail, for `settle` and `giveBack` too. */
export type RedisStore = {
  take(ask: Ask): Promise<Verdict>;
  end(id: string, use: Use | null): Promise<void>;
  seed(account: Account, month: string, spent: Spent): Promise<void>;
  standings(accounts: readonly Account[], month: string): Promise<Standing[]>;
  close(): void;
};

/**
 * Limits in Redis or Valkey, for any number of replicas. Every step is one script, so nothing comes between looking and
 * taking. Rejects with the client's own error when Redis does not answer.
 */
export function createRedisStore(redis: Redis, leaseMs = LEASE_MS, renewMs = RENEW_MS): RedisStore {
  const open = new Map<string, readonly Account[]>();

  async function take(ask: Ask): Promise<Verdict> {
    const limits = ask.accounts.flatMap(({ limits: { rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd } }) =>
      [rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd].map((limit) => limit ?? -1),
    );
    const args = [ask.id, ask.month, ask.tokens, leaseMs, ask.microUsd, ...limits];
    const answer = JSON.parse(await run(redis, TAKE, ask.accounts.map(keyOf), args)) as Answer;
    if (answer.is === "taken") open.set(ask.id, ask.accounts);
    return verdictOf(ask, answer);
  }

  async function end(id: string, use: Use | null) {
    const accounts = open.get(id);
    if (accounts === undefined) return;
    open.delete(id);
    await run(redis, END, accounts.map(keyOf), [
      id,
      use?.minuteTokens ?? -1,
      use?.monthTokens ?? -1,
      use?.microUsd ?? 0,
    ]);
  }

  async function seed(account: Account, month: string, { tokens, microUsd }: Spent) {
    await run(redis, SEED, [keyOf(account)], [month, tokens ?? -1, microUsd ?? -1]);
  }

  async function standings(accounts: readonly Account[], month: string): Promise<Standing[]> {
    if (accounts.length === 0) return [];
    return JSON.parse(await run(redis, STAND, accounts.map(keyOf), [month])) as Standing[];
  }

  const renewing = setInterval(() => {
    const byAccount = new Map<string, string[]>();
    for (const [id, accounts] of open) {
      for (const account of accounts) byAccount.set(keyOf(account), [...(byAccount.get(keyOf(account)) ?? []), id]);
    }
    // What can't be renewed now is, twenty seconds later; a lease lives for three times that.
    for (const [key, ids] of byAccount) run(redis, RENEW, [key], [leaseMs, ...ids]).catch(() => undefined);
  }, renewMs).unref();

  return { take, end, seed, standings, close: () => clearInterval(renewing) };
}

const keyOf = (account: Account) => `podpass:limits:{${account.ownerId}}:${nameOf(account)}`;

function verdictOf({ accounts }: Ask, answer: Answer): Verdict {
  if (answer.is === "unknown") {
    return { is: "unknown", accounts: (answer.unknown ?? []).flatMap((place) => accounts[place - 1] ?? []) };
  }
  const meters = { requests: answer.requests ?? null, tokens: answer.tokens ?? null };
  const account = accounts[(answer.account ?? 0) - 1];
  if (answer.is === "taken" || account === undefined || answer.limit === undefined) return { is: "taken", meters };
  return { is: "refused", by: { account, limit: answer.limit, afterMs: answer.after ?? null }, meters };
}

const shas = new Map<string, string>();

/** By its digest, and in full where the server does not know it yet. */
async function run(redis: Redis, script: string, keys: string[], args: (string | number)[]): Promise<string> {
  let sha = shas.get(script);
  if (sha === undefined) {
    sha = createHash("sha1").update(script).digest("hex");
    shas.set(script, sha);
  }
  try {
    return String(await redis.evalsha(sha, keys.length, ...keys, ...args));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return String(await redis.eval(script, keys.length, ...keys, ...args));
  }
}
