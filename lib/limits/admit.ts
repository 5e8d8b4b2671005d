import { AppError } from "../errors";
import type { CallerFacts, Limits } from "../keys/caller-facts";
import { usdText } from "../micro-usd";
import { accountsOf } from "./accounts";
import { type Account, type Ask, type LimitStore, nameOf, type Spent, type Use, type Verdict } from "./ask";
import { limitHeaders } from "./limit-headers";

/** A call that was let in. Exactly one of the two is called, once. */
export type Permit = { headers: Readonly<Record<string, string>>; settle(use: Use): void; giveBack(): void };

/** How old what is known of others' use may be: of other replicas', or from before this one started. */
const RELOAD_MS = 10_000;
/** Older than this, what is known of an account's money is not enough: a minute's calls are remembered beside it, no more. */
const MONEY_MS = 60_000;

type Options = {
  store: LimitStore;
  /** The defaults of a role, as the policy has them now. */
  roleLimits: (role: CallerFacts["memberRole"]) => Limits;
  /** What the database knows of a month's use. */
  spentOf: (account: Account, month: string) => Promise<Spent & { microUsdPerToken: number }>;
  /** Monotonic ms. */
  now: () => number;
  /** UTC ms, the database's. */
  wall: () => number;
};

/** The latest look at an account's month. `at`: when it was over; Infinity while it goes on. `toldAt`: when one last said something. */
type Load = { month: string; at: number; toldAt: number; loading: Promise<void> };

const NOTHING_LIMITED: Permit = { headers: {}, settle: () => undefined, giveBack: () => undefined };

/**
 * Makes the step that lets a call in or says which limit is in its way, as a `LimitReached`. Throws `database_unavailable`
 * where a budget applies and nobody can say what is left of it.
 */
export function createAdmit({ store, roleLimits, spentOf, now, wall }: Options) {
  const loads = new Map<string, Load>();
  /** Worked out once for each load of a caller's facts, and again where the policy changed. */
  const counted = new WeakMap<CallerFacts, { role: Limits; accounts: readonly Account[] }>();
  /** What a token cost the team lately; 0 until money is limited anywhere. */
  let microUsdPerToken = 0;

  function admit(id: string, caller: CallerFacts, tokens: number): Permit | Promise<Permit> {
    const accounts = accountsFor(caller, roleLimits(caller.memberRole));
    if (accounts.length === 0) return NOTHING_LIMITED;
    const ask: Ask = { id, accounts, tokens, microUsd: 0, month: monthOf(wall()) };
    let isMoneyOld = false;
    for (const account of accounts) {
      const { monthlyTokens, monthlyMicroUsd } = account.limits;
      if (monthlyMicroUsd !== null) {
        ask.microUsd = Math.round(tokens * microUsdPerToken);
        isMoneyOld ||= isOld(account, ask.month);
      }
      if (monthlyTokens !== null || monthlyMicroUsd !== null) reload(account, ask.month);
    }
    if (isMoneyOld) return afterLoading(ask);
    const verdict = store.take(ask);
    return verdict instanceof Promise || verdict.is === "unknown" ? later(ask, verdict) : permitOf(ask, verdict);
  }

  function accountsFor(caller: CallerFacts, role: Limits): readonly Account[] {
    const known = counted.get(caller);
    if (known?.role === role) return known.accounts;
    const accounts = accountsOf(caller, role);
    counted.set(caller, { role, accounts });
    return accounts;
  }

  /** Nobody is let in by an old figure: where nobody can say what is left, the call is refused. */
  async function afterLoading(ask: Ask): Promise<Permit> {
    const limited = ask.accounts.filter(({ limits }) => limits.monthlyMicroUsd !== null);
    await Promise.all(limited.map((account) => load(account, ask.month)));
    return later(ask, store.take(ask));
  }

  function isOld(account: Account, month: string) {
    const known = loads.get(nameOf(account));
    return known?.month !== month || now() - known.toldAt > MONEY_MS;
  }

  async function later(ask: Ask, pending: Verdict | Promise<Verdict>): Promise<Permit> {
    let verdict = await pending;
    if (verdict.is === "unknown") {
      await Promise.all(verdict.accounts.map((account) => load(account, ask.month)));
      verdict = await store.take(ask);
    }
    return permitOf(ask, verdict);
  }

  function permitOf({ id, microUsd }: Ask, verdict: Verdict): Permit {
    if (verdict.is === "unknown")
      throw new AppError("database_unavailable", "The month has just begun. Send it again.");
    const headers = limitHeaders(verdict.meters);
    if (verdict.is === "refused") throw new LimitReached(verdict.by, headers);
    return {
      headers,
      settle: (use) => store.settle(id, microUsd === 0 ? use : priced(use)),
      giveBack: () => store.giveBack(id),
    };
  }

  function priced(use: Use): Use {
    return { ...use, microUsd: Math.round(use.monthTokens * microUsdPerToken) };
  }

  /** Looks now and then what others have used; never in a call's way. */
  function reload(account: Account, month: string) {
    const known = loads.get(nameOf(account));
    if (known?.month === month && now() - known.at >= RELOAD_MS) load(account, month).catch(() => undefined);
  }

  function load(account: Account, month: string): Promise<void> {
    const known = loads.get(nameOf(account));
    if (known?.month === month && known.at === Infinity) return known.loading;
    const load: Load = {
      month,
      at: Infinity,
      toldAt: known?.month === month ? known.toldAt : -Infinity,
      loading: spentOf(account, month).then(async (spent) => {
        if (spent.microUsd !== null) microUsdPerToken = spent.microUsdPerToken;
        await store.seed(account, month, spent);
        load.toldAt = now();
      }),
    };
    const over = () => {
      load.at = now();
    };
    load.loading.then(over, over);
    loads.set(nameOf(account), load);
    return load.loading;
  }

  return admit;
}

const WORDS = {
  rpm: (limit: number) => `${limit} requests a minute`,
  tpm: (limit: number) => `${limit} tokens a minute`,
  concurrency: (limit: number) => `${limit} requests in parallel`,
  monthlyTokens: (limit: number) => `${limit} tokens a month`,
  monthlyMicroUsd: (limit: number) => `$${usdText(limit)} of GPU time a month`,
};

/** A limit stands in a call's way. */
export class LimitReached extends AppError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    { account, limit, afterMs }: Extract<Verdict, { is: "refused" }>["by"],
    headers: Readonly<Record<string, string>>,
  ) {
    const what = WORDS[limit](account.limits[limit] ?? 0);
    const whose = account.kind === "key" ? "This key has" : "Your keys together have";
    if (afterMs === null) {
      super(
        limit === "monthlyMicroUsd" ? "budget_exhausted" : "insufficient_quota",
        `${whose} used up ${what}. The next month begins on the 1st, 00:00 UTC.`,
      );
    } else {
      const seconds = Math.max(1, Math.ceil(afterMs / 1_000));
      super("rate_limit_exceeded", `${whose} reached ${what}. Try again in ${seconds} s.`, {
        retryAfterSeconds: seconds,
      });
    }
    this.headers = headers;
  }
}

let known = { from: 0, until: 0, month: "" };

/** `2026-11`, by UTC. */
export function monthOf(wallMs: number): string {
  // Asked for on every call, and it changes twelve times a year.
  if (wallMs >= known.from && wallMs < known.until) return known.month;
  const at = new Date(wallMs);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  known = { from: Date.UTC(year, month), until: Date.UTC(year, month + 1), month: at.toISOString().slice(0, 7) };
  return known.month;
}
