import type { LimitName } from "../keys/limits";
import {
  type Account,
  type Ask,
  type LimitStore,
  type Meter,
  nameOf,
  type Spent,
  type Standing,
  type Use,
  type Verdict,
} from "./ask";
import { MinuteWindow, type Slot } from "./minute-window";

/** How often, in asks, accounts that nobody uses any more are looked for. */
const SWEEP_EVERY = 4_096;
/** By then no window holds anything of it, and the database knows all it used this month. */
const FORGET_AFTER_MS = 120_000;
/** Nobody can say when another call ends. */
const SLOT_RETRY_MS = 1_000;

class Book {
  readonly requests = new MinuteWindow();
  readonly tokens = new MinuteWindow();
  inFlight = 0;
  /** When something was last taken or settled. */
  usedAt = -Infinity;
  month = "";
  /** Settled this month; null until somebody has said what the month began with. */
  spent: number | null = null;
  /** Held by calls that run now. */
  held = 0;
  /** This month's money as it was last shared out; null until somebody has said. */
  microUsd: number | null = null;
  heldMicroUsd = 0;
  /** What calls of the last minute may have cost: the shares contain it by the time it is forgotten here. */
  readonly money = new MinuteWindow();

  isIdle(now: number) {
    return this.inFlight === 0 && now - this.usedAt > FORGET_AFTER_MS;
  }
}

type Taken = {
  book: Book;
  request: Slot | null;
  tokens: { slot: Slot; amount: number } | null;
  budget: { month: string; amount: number } | null;
  money: { month: string; amount: number } | null;
};

type Excess = { account: Account; limit: LimitName; afterMs: number | null };

/** A store that answers at once. */
export type Ledger = Omit<LimitStore, "take" | "seed" | "standings"> & {
  take(ask: Ask): Verdict;
  seed(account: Account, month: string, spent: Spent): void;
  standings(accounts: readonly Account[], month: string): Standing[];
  /** Calls that hold a place, and accounts remembered. */
  size(): { open: number; accounts: number };
};

/**
 * The limits of every account, kept in this process. Each ask is answered in one go, so that no two take the same room.
 * `now` is monotonic ms.
 */
export function createLedger(now: () => number): Ledger {
  const books = new Map<string, Book>();
  const open = new Map<string, Taken[]>();
  let asks = 0;

  function bookOf(account: Account, month: string): Book {
    const name = nameOf(account);
    let book = books.get(name);
    if (book === undefined) {
      book = new Book();
      books.set(name, book);
    }
    if (book.month !== month) {
      book.month = month;
      book.spent = null;
      book.held = 0;
      book.microUsd = null;
      book.heldMicroUsd = 0;
    }
    return book;
  }

  function take(ask: Ask): Verdict {
    const at = now();
    asks += 1;
    if (asks % SWEEP_EVERY === 0) sweep(at);
    const entries = ask.accounts.map((account) => ({ account, book: bookOf(account, ask.month) }));
    const unknown = entries.filter(
      ({ account: { limits }, book }) =>
        (limits.monthlyTokens !== null && book.spent === null) ||
        (limits.monthlyMicroUsd !== null && book.microUsd === null),
    );
    if (unknown.length > 0) return { is: "unknown", accounts: unknown.map(({ account }) => account) };

    let worst: Excess | null = null;
    for (const { account, book } of entries) worst = worse(worst, excessOf(account, book, ask.tokens, at));
    if (worst === null) {
      const taken = entries.map(({ account, book }) => takeFrom(account, book, ask, at));
      if (taken.length > 0) open.set(ask.id, taken);
    }
    const meters = { requests: tightest(entries, "rpm", at), tokens: tightest(entries, "tpm", at) };
    return worst === null ? { is: "taken", meters } : { is: "refused", by: worst, meters };
  }

  function finish(id: string, use: Use | null) {
    const taken = open.get(id);
    if (taken === undefined) return;
    open.delete(id);
    const at = now();
    for (const { book, request, tokens, budget, money } of taken) {
      book.inFlight -= 1;
      book.usedAt = at;
      if (use === null && request !== null) book.requests.giveBack(request, 1);
      if (tokens !== null) {
        const rest = tokens.amount - (use?.minuteTokens ?? 0);
        if (rest > 0) book.tokens.giveBack(tokens.slot, rest);
        else if (rest < 0) book.tokens.take(-rest, at);
      }
      if (budget !== null && budget.month === book.month) {
        book.held -= budget.amount;
        book.spent = (book.spent ?? 0) + (use?.monthTokens ?? 0);
      }
      if (money !== null && money.month === book.month) {
        book.heldMicroUsd -= money.amount;
        book.money.take(use?.microUsd ?? 0, at);
      }
    }
  }

  /** Tokens never shrink within a month: the database hears of a call's end a moment later than this does. Shares of money may. */
  function seed(account: Account, month: string, { tokens, microUsd }: Spent) {
    const book = bookOf(account, month);
    if (tokens !== null) book.spent = Math.max(book.spent ?? 0, tokens);
    if (microUsd !== null) book.microUsd = microUsd;
  }

  function standings(accounts: readonly Account[], month: string): Standing[] {
    const at = now();
    return accounts.map((account) => {
      const book = books.get(nameOf(account)) ?? new Book();
      return {
        requests: book.requests.used(at),
        requestsResetMs: book.requests.emptyAfterMs(at),
        tokens: book.tokens.used(at),
        tokensResetMs: book.tokens.emptyAfterMs(at),
        inFlight: book.inFlight,
        monthTokens: book.month === month ? book.spent : null,
      };
    });
  }

  function sweep(at: number) {
    for (const [name, book] of books) if (book.isIdle(at)) books.delete(name);
  }

  return {
    take,
    settle: (id, use) => finish(id, use),
    giveBack: (id) => finish(id, null),
    seed,
    standings,
    size: () => ({ open: open.size, accounts: books.size }),
  };
}

/** The limit of an account that stands in the way; the month's before the minute's, because waiting helps least there. */
function excessOf(account: Account, book: Book, tokens: number, at: number): Excess | null {
  const { rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd } = account.limits;
  // The last call within a budget may go over it by what it takes; while it runs, nobody else gets in.
  if (monthlyTokens !== null && (book.spent ?? 0) + book.held >= monthlyTokens)
    return { account, limit: "monthlyTokens", afterMs: null };
  if (monthlyMicroUsd !== null && (book.microUsd ?? 0) + book.heldMicroUsd + book.money.used(at) >= monthlyMicroUsd)
    return { account, limit: "monthlyMicroUsd", afterMs: null };
  let excess: Excess | null = null;
  if (rpm !== null) excess = waiting(account, "rpm", book.requests.roomAfterMs(1, rpm, at));
  if (tpm !== null)
    excess = worse(excess, waiting(account, "tpm", book.tokens.roomAfterMs(fitted(tokens, tpm), tpm, at)));
  if (concurrency !== null && book.inFlight >= concurrency)
    excess = worse(excess, { account, limit: "concurrency", afterMs: SLOT_RETRY_MS });
  return excess;
}

function waiting(account: Account, limit: LimitName, afterMs: number): Excess | null {
  return afterMs === 0 ? null : { account, limit, afterMs };
}

/** The one that keeps a call waiting longer. */
function worse(a: Excess | null, b: Excess | null): Excess | null {
  if (a === null || b === null) return a ?? b;
  return (a.afterMs ?? Infinity) >= (b.afterMs ?? Infinity) ? a : b;
}

/** A call that could take more than a whole minute's tokens may still go, when nothing else counts. */
function fitted(tokens: number, tpm: number) {
  return Math.min(tokens, tpm);
}

function takeFrom({ limits }: Account, book: Book, { tokens, microUsd, month }: Ask, at: number): Taken {
  const { rpm, tpm, monthlyTokens, monthlyMicroUsd } = limits;
  const taken: Taken = { book, request: null, tokens: null, budget: null, money: null };
  if (rpm !== null) taken.request = book.requests.take(1, at);
  if (tpm !== null) {
    const amount = fitted(tokens, tpm);
    taken.tokens = { slot: book.tokens.take(amount, at), amount };
  }
  book.inFlight += 1;
  book.usedAt = at;
  if (monthlyTokens !== null) {
    book.held += tokens;
    taken.budget = { month, amount: tokens };
  }
  if (monthlyMicroUsd !== null) {
    book.heldMicroUsd += microUsd;
    taken.money = { month, amount: microUsd };
  }
  return taken;
}

/** Of the accounts that have this limit, the one with the least left. */
function tightest(entries: { account: Account; book: Book }[], name: "rpm" | "tpm", at: number): Meter | null {
  let least: Meter | null = null;
  for (const { account, book } of entries) {
    const limit = account.limits[name];
    if (limit === null) continue;
    const window = name === "rpm" ? book.requests : book.tokens;
    const remaining = Math.max(0, limit - window.used(at));
    if (least === null || remaining < least.remaining) least = { limit, remaining, resetMs: window.emptyAfterMs(at) };
  }
  return least;
}
