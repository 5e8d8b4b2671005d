import type { LimitName, Limits } from "../keys/limits";

/** The limits that are kept; money is not among them. */
export type KeptLimit = Exclude<LimitName, "monthlyMicroUsd">;

/** Whose use is counted together: one key's, or all keys of a member. */
export type Account = {
  kind: "key" | "member";
  id: string /** The member's. */;
  ownerId: string;
  limits: Pick<Limits, KeptLimit>;
};

/** What one call wants before it may go to a pod. */
export type Ask = {
  /** The request's id: what is taken is settled or given back under it. */
  id: string;
  /** All of them must have room, or nothing is taken. */
  accounts: readonly Account[];
  /** The most tokens the call is expected to take: its prompt and the cap on its output. */
  tokens: number;
  /** The calendar month (UTC) it counts in, like `2026-11`. */
  month: string;
};

/** How far a minute's limit is used, for the answer's headers. `resetMs`: until nothing counts any more. */
export type Meter = { limit: number; remaining: number; resetMs: number };

export type Meters = { requests: Meter | null; tokens: Meter | null };

export type Verdict =
  | { is: "taken"; meters: Meters }
  /** `afterMs` is null where waiting does not help before the month ends. */
  | { is: "refused"; by: { account: Account; limit: KeptLimit; afterMs: number | null }; meters: Meters }
  /** Nobody has said yet what these have used this month: seed them and ask again. Nothing was taken. */
  | { is: "unknown"; accounts: readonly Account[] };

/** What a call came to, in tokens: for the minute, and for the month. */
export type Use = { minuteTokens: number; monthTokens: number };

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
  /** Says what an account had used in a month, at least. */
  seed(account: Account, month: string, spent: number): void | Promise<void>;
  /** How each account stands, in their order. Takes nothing. */
  standings(accounts: readonly Account[], month: string): Standing[] | Promise<Standing[]>;
};

/** The name of an account in a store. */
export const nameOf = ({ kind, id }: Account) => `${kind}:${id}`;
