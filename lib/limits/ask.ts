import type { LimitName, Limits } from "../keys/limits";

/** Whose use is counted together: one key's, or all keys of a member. */
export type Account = {
  kind: "key" | "member";
  id: string /** The member's. */;
  ownerId: string;
  limits: Limits;
};

/** What one call wants before it may go to a pod. */
export type Ask = {
  /** The request's id: what is taken is settled or given back under it. */
  id: string;
  /** All of them must have room, or nothing is taken. */
  accounts: readonly Account[];
  /** The most tokens the call is expected to take: its prompt and the cap on its output. */
  tokens: number;
  /** What these are expected to cost, where money is limited. */
  microUsd: number;
  /** The calendar month (UTC) it counts in, like `2026-11`. */
  month: string;
};

/** How far a minute's limit is used, for the answer's headers. `resetMs`: until nothing counts any more. */
export type Meter = { limit: number; remaining: number; resetMs: number };

export type Meters = { requests: Meter | null; tokens: Meter | null };

export type Verdict =
  | { is: "taken"; meters: Meters }
  /** `afterMs` is null where waiting does not help before the month ends. */
  | { is: "refused"; by: { account: Account; limit: LimitName; afterMs: number | null }; meters: Meters }
  /** Nobody has said yet what these have used this month: seed them and ask again. Nothing was taken. */
  | { is: "unknown"; accounts: readonly Account[] };

/** What a call came to, in tokens: for the minute, and for the month; and what those cost, as far as one can say at once. */
export type Use = { minuteTokens: number; monthTokens: number; microUsd?: number };

/** What an account has used in a month. Null: not asked for, as nothing limits it. */
export type Spent = { tokens: number | null; microUsd: number | null };

/** What counts of an account now, for people to look at. Resets are in ms until nothing counts any more. */
export type Standing = {
  requests: number;
  requestsResetMs: number;
  tokens: number;
  tokensResetMs: number;
  inFlight: number;
  /** Settled in the month that was asked for; null: nobody has said yet what it began with. */
  monthTokens: number | null;
};

/** Where limits are kept. Each call takes all that it wants or nothing, and no two at once take the same. */
export type LimitStore = {
  take(ask: Ask): Verdict | Promise<Verdict>;
  /** Frees the slot and puts the true use in place of the reservation. Unknown ids are ignored. */
  settle(id: string, use: Use): void;
  /** As if the call had never been: its request is given back too. */
  giveBack(id: string): void;
  /** Says what an account had used in a month: tokens at least, and money as it is shared out now. */
  seed(account: Account, month: string, spent: Spent): void | Promise<void>;
  /** How each account stands, in their order. Takes nothing. */
  standings(accounts: readonly Account[], month: string): Standing[] | Promise<Standing[]>;
};

/** The name of an account in a store. */
export const nameOf = ({ kind, id }: Account) => `${kind}:${id}`;
