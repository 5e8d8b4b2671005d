import type { Role } from "../auth/member";

/** What can be limited, in whole units: requests and tokens a minute, requests in parallel, tokens and micro-dollars a month. */
export const LIMIT_NAMES = ["rpm", "tpm", "concurrency", "monthlyTokens", "monthlyMicroUsd"] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];

/** Null: not limited here, so what stands above decides. */
export type Limits = Record<LimitName, number | null>;

export const NO_LIMITS: Limits = {
  rpm: null,
  tpm: null,
  concurrency: null,
  monthlyTokens: null,
  monthlyMicroUsd: null,
};

/** The team's rules as far as they concern keys. */
export type KeyPolicy = {
  maxKeyDays: number | null;
  defaultKeyDays: number | null;
  maxGraceHours: number;
  maxKeysPerMember: number;
  rotateEveryDays: number | null;
  roleLimits: Record<Role, Limits>;
};

export type EffectiveLimit = { value: number | null; source: "key" | "member" | "role" | "none" };

/** What holds for a key, and where each figure comes from: its own, its member's, or the role's default. */
export function effectiveLimits(own: Limits, member: Limits, role: Limits): Record<LimitName, EffectiveLimit> {
  const effective = (name: LimitName): EffectiveLimit => {
    if (own[name] !== null) return { value: own[name], source: "key" };
    if (member[name] !== null) return { value: member[name], source: "member" };
    if (role[name] !== null) return { value: role[name], source: "role" };
    return { value: null, source: "none" };
  };
  return {
    rpm: effective("rpm"),
    tpm: effective("tpm"),
    concurrency: effective("concurrency"),
    monthlyTokens: effective("monthlyTokens"),
    monthlyMicroUsd: effective("monthlyMicroUsd"),
  };
}

type Wish = {
  wanted: Partial<Limits>;
  /** What the key has now; a new key has none. Keeping a figure is never refused. */
  current: Limits;
  member: Limits;
  role: Limits;
  by: "member" | "admin" | "operator";
};

/**
 * The first figure that may not be set, with the highest that may: a key never gets more than its member's own ceiling, and only an
 * admin goes above the role's default. The operator's command line may set anything. Null: all is well.
 */
export function firstExcess({ wanted, current, member, role, by }: Wish): { name: LimitName; highest: number } | null {
  if (by === "operator") return null;
  for (const name of LIMIT_NAMES) {
    const value = wanted[name];
    if (value === undefined || value === null) continue;
    const ceiling = by === "admin" ? member[name] : (member[name] ?? role[name]);
    if (ceiling === null || value <= ceiling) continue;
    if (current[name] !== null && value <= current[name]) continue;
    return { name, highest: ceiling };
  }
  return null;
}
