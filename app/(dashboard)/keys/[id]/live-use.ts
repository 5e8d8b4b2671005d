import { wallFields } from "@/app/_ui/moments";
import { standingsOf } from "@/app/standings";
import type { Actor } from "@/lib/auth/member";
import { LIMIT_NAMES, type LimitName } from "@/lib/keys/limits";
import type { KeyDetail } from "@/lib/keys/queries";
import { monthOf } from "@/lib/limits/admit";
import type { Account, Standing } from "@/lib/limits/ask";
import { moneyOfMonth, tokensOfMonth } from "@/lib/limits/queries";
import { usageSums } from "@/lib/usage/queries";
import { listRequests } from "@/lib/usage/requests/queries";

const MINUTE_MS = 60_000;
/** No answer takes longer. */
const LONGEST_ANSWER_MS = 20 * 60_000;

/** One limit that a key's calls are held to, and how much of it is used. */
export type LiveMeter = {
  limit: LimitName;
  /** Whose use counts: this key's, or that of all keys of its member. */
  whose: Account["kind"];
  source: "key" | "member" | "role";
  most: number;
  used: number;
  /** When nothing of it counts any more, if nothing is added; null where it refills otherwise. */
  emptyAt: Date | null;
};

export type LiveUse = {
  meters: LiveMeter[];
  /** The gateway could not be asked: counted from the requests written down, which lag a little. */
  isEstimate: boolean;
  monthEndsAt: Date;
};

/** Money is shared out in the database, not counted by the gateway. */
type WithMoney = Standing & { monthMicroUsd: number };

/** Every limit that calls with a key are held to, with what counts against it at `now`. */
export async function liveUseOf(actor: Actor, key: KeyDetail, now: Date): Promise<LiveUse> {
  const { accounts } = key;
  const told = accounts.length === 0 ? [] : await standingsOf(accounts);
  const standings = await Promise.all(
    accounts.map(async (account, at): Promise<WithMoney> => {
      const money = account.limits.monthlyMicroUsd === null ? 0 : moneyOfMonth(account, monthOf(now.getTime()));
      return { ...(await settled(actor, account, told?.[at] ?? null, now)), monthMicroUsd: await money };
    }),
  );
  const meters = accounts.flatMap((account, at) =>
    LIMIT_NAMES.flatMap((limit) => {
      const most = account.limits[limit];
      const standing = standings[at];
      if (most === null || standing === undefined) return [];
      return [
        { limit, whose: account.kind, source: sourceOf(key, account, limit), most, ...usedOf(limit, standing, now) },
      ];
    }),
  );
  const { year, month } = wallFields(now, "UTC");
  return { meters, isEstimate: told === null, monthEndsAt: new Date(Date.UTC(year, month, 1)) };
}

function sourceOf(key: KeyDetail, { kind }: Account, limit: LimitName): LiveMeter["source"] {
  if (kind === "key") return "key";
  return key.memberLimits[limit] === null ? "role" : "member";
}

function usedOf(limit: LimitName, standing: WithMoney, now: Date) {
  const after = (ms: number) => (ms > 0 ? new Date(now.getTime() + ms) : null);
  if (limit === "rpm") return { used: standing.requests, emptyAt: after(standing.requestsResetMs) };
  if (limit === "tpm") return { used: standing.tokens, emptyAt: after(standing.tokensResetMs) };
  if (limit === "concurrency") return { used: standing.inFlight, emptyAt: null };
  if (limit === "monthlyMicroUsd") return { used: standing.monthMicroUsd, emptyAt: null };
  return { used: standing.monthTokens ?? 0, emptyAt: null };
}

/** The gateway's word, with the month from the database where no call has made it look since it started. */
async function settled(actor: Actor, account: Account, told: Standing | null, now: Date): Promise<Standing> {
  const month = () => (account.limits.monthlyTokens === null ? 0 : tokensOfMonth(account, monthOf(now.getTime())));
  if (told !== null) return told.monthTokens === null ? { ...told, monthTokens: await month() } : told;
  const filters = account.kind === "key" ? { keyIds: [account.id] } : { memberIds: [account.id] };
  const [minute, open, monthTokens] = await Promise.all([
    usageSums(actor, { from: new Date(now.getTime() - MINUTE_MS), to: now, filters }),
    listRequests(
      actor,
      { ...filters, outcomes: ["open"], from: new Date(now.getTime() - LONGEST_ANSWER_MS) },
      null,
      100,
    ),
    month(),
  ]);
  const { requests, promptTokens, completionTokens } = minute;
  return {
    requests: requests + open.rows.length,
    requestsResetMs: 0,
    tokens: promptTokens + completionTokens,
    tokensResetMs: 0,
    inFlight: open.rows.length,
    monthTokens,
  };
}
