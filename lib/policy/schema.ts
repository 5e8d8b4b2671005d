import * as z from "zod/mini";
import type { Role } from "../auth/member";
import { type Limits, NO_LIMITS } from "../keys/limits";
import { usdField, wholeNumber } from "../keys/schema";

/** The team's rules. */
export type PolicyInput = {
  /** Longest life of a key; null: keys may live for ever. */
  maxKeyDays: number | null;
  defaultKeyDays: number | null;
  maxGraceHours: number;
  maxKeysPerMember: number;
  rotateEveryDays: number | null;
  /** What all keys of a member of a role may use together, where the member has no limits of their own. */
  roleLimits: Record<Role, Limits>;
  /** Lower-case domains that may be invited or sign in through a provider; empty: any may be invited, none may come uninvited. */
  emailDomains: string[];
  eventRetentionDays: number;
  /** What tokens weigh, in thousandths, when a pod's hour is shared out; an hour goes by those that held when it began. */
  promptWeight: number;
  cachedWeight: number;
  completionWeight: number;
  /** Refuse request fields that Podpass doesn't know. */
  strictFields: boolean;
};

/** A change of some of the rules: what is missing stays. */
export type PolicyChange = Partial<Omit<PolicyInput, "roleLimits">> & {
  roleLimits?: Partial<Record<Role, Partial<Limits>>>;
};

const stored = z.nullable(z.int());
const storedLimits = z._default(
  z.object({
    rpm: z._default(stored, null),
    tpm: z._default(stored, null),
    concurrency: z._default(stored, null),
    monthlyTokens: z._default(stored, null),
    monthlyMicroUsd: z._default(stored, null),
  }),
  { ...NO_LIMITS },
);

/** The column's JSON, whatever a former version left out of it. */
export const roleLimitsSchema = z.object({ OWNER: storedLimits, ADMIN: storedLimits, MEMBER: storedLimits });

const domain = z
  .string()
  .check(
    z.regex(
      /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/,
      "Write domains such as example.org, with commas between.",
    ),
  );

/** Domains with commas, spaces or line ends between, as people type them: an @ before them is forgiven. */
const domains = z.optional(
  z.pipe(
    z.pipe(
      z.string(),
      z.transform((text) =>
        [
          ...new Set(
            text
              .toLowerCase()
              .split(/[\s,]+/)
              .map((part) => part.replace(/^@/, "")),
          ),
        ].filter(Boolean),
      ),
    ),
    z.array(domain).check(z.maxLength(100, "Use at most 100 domains.")),
  ),
);

/** A number that has to be there if its field is. */
const needed = (largest: number, most: string, least = 1) =>
  z.optional(
    z.pipe(
      z.string(),
      z.transform((text, context) => {
        const number = /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : Number.NaN;
        if (number >= least && number <= largest) return number;
        context.issues.push({ code: "custom", input: text, message: `Use a whole number from ${least} to ${most}.` });
        return z.NEVER;
      }),
    ),
  );

/** A weight as it is typed, such as 0.1; in thousandths once parsed. */
const weight = z.optional(
  z.pipe(
    z.string(),
    z.transform((text, context) => {
      const [, whole, rest = ""] = /^\s*(\d{1,4})(?:\.(\d{1,3}))?\s*$/.exec(text) ?? [];
      const thousandths = whole === undefined ? Number.NaN : Number(whole) * 1_000 + Number(rest.padEnd(3, "0"));
      if (thousandths <= 1_000_000) return thousandths;
      context.issues.push({ code: "custom", input: text, message: "Use a number from 0 to 1000, such as 0.1." });
      return z.NEVER;
    }),
  ),
);

const int = (most = 2_147_483_647) => wholeNumber(most, most.toLocaleString("en"));

const roleFields = (role: Role) => ({
  [`${role}.rpm`]: int(),
  [`${role}.tpm`]: int(),
  [`${role}.concurrency`]: int(10_000),
  [`${role}.monthlyTokens`]: int(Number.MAX_SAFE_INTEGER),
  [`${role}.monthlyUsd`]: usdField,
});

/**
 * The policy's form, or any part of it. Roles' limits are named `MEMBER.rpm`, money is in dollars (`MEMBER.monthlyUsd`);
 * an empty field is no limit, a missing one stays as it is. `strictFields` is `on` or `off`.
 */
export const policyFormSchema = z.pipe(
  z.object({
    maxKeyDays: int(3_650),
    defaultKeyDays: int(3_650),
    rotateEveryDays: int(3_650),
    maxGraceHours: needed(720, "720", 0),
    maxKeysPerMember: needed(10_000, "10,000"),
    eventRetentionDays: needed(3_650, "3,650"),
    promptWeight: weight,
    cachedWeight: weight,
    completionWeight: weight,
    emailDomains: domains,
    strictFields: z.optional(z.enum(["on", "off"])),
    ...roleFields("OWNER"),
    ...roleFields("ADMIN"),
    ...roleFields("MEMBER"),
  }),
  z.transform(changeOf),
);

const ROLES = ["OWNER", "ADMIN", "MEMBER"] as const;
const RULES = [
  "maxKeyDays",
  "defaultKeyDays",
  "rotateEveryDays",
  "maxGraceHours",
  "maxKeysPerMember",
  "eventRetentionDays",
  "promptWeight",
  "cachedWeight",
  "completionWeight",
  "emailDomains",
] as const;

function changeOf(form: Record<string, unknown>): PolicyChange {
  const given = (name: string) => form[name] !== undefined;
  const rules = Object.fromEntries(RULES.filter(given).map((name) => [name, form[name]])) as PolicyChange;
  const roleLimits = Object.fromEntries(ROLES.map((role) => [role, limitsFor(role, form)]));
  return { ...rules, roleLimits, ...(given("strictFields") && { strictFields: form.strictFields === "on" }) };
}

function limitsFor(role: Role, form: Record<string, unknown>): Partial<Limits> {
  const named = {
    rpm: "rpm",
    tpm: "tpm",
    concurrency: "concurrency",
    monthlyTokens: "monthlyTokens",
    monthlyMicroUsd: "monthlyUsd",
  };
  const entries = Object.entries(named).map(([name, field]) => [name, form[`${role}.${field}`]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
