import * as z from "zod/mini";
import { NO_LIMITS } from "../keys/limits";

/** Up to 2^53, beyond which a number in JavaScript loses digits. */
const amount = z.int().check(z.minimum(1), z.maximum(Number.MAX_SAFE_INTEGER));
const rate = z.int().check(z.minimum(1), z.maximum(1_000_000_000));
const days = z.int().check(z.minimum(1), z.maximum(3_650));

/** Limits of a role, a member or a key: requests and tokens a minute, requests in parallel, tokens and money a month; null is none. */
export const limitsSchema = z.object({
  rpm: z._default(z.nullable(rate), null),
  tpm: z._default(z.nullable(rate), null),
  concurrency: z._default(z.nullable(z.int().check(z.minimum(1), z.maximum(100_000))), null),
  monthlyTokens: z._default(z.nullable(amount), null),
  monthlyMicroUsd: z._default(z.nullable(amount), null),
});

const none = () => ({ ...NO_LIMITS });

export const roleLimitsSchema = z.object({
  OWNER: z._default(limitsSchema, none),
  ADMIN: z._default(limitsSchema, none),
  MEMBER: z._default(limitsSchema, none),
});

const domain = z
  .string()
  .check(
    z.trim(),
    z.toLowerCase(),
    z.regex(
      /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/,
      "Write a domain such as example.org.",
    ),
  );

/** The team's rules as a whole; a change sends all of them. */
export const policySchema = z.object({
  /** Longest life of a key; null: keys may live for ever. */
  maxKeyDays: z.nullable(days),
  defaultKeyDays: z.nullable(days),
  maxGraceHours: z.int().check(z.minimum(0), z.maximum(720)),
  maxKeysPerMember: z.int().check(z.minimum(1), z.maximum(10_000)),
  rotateEveryDays: z.nullable(days),
  roleLimits: roleLimitsSchema,
  /** Lower-case domains that may be invited or sign in through a provider; empty: any may be invited, none may come uninvited. */
  emailDomains: z.array(domain).check(z.maxLength(100)),
  eventRetentionDays: z.int().check(z.minimum(1), z.maximum(3_650)),
  strictFields: z.boolean(),
});

export type PolicyInput = z.output<typeof policySchema>;
