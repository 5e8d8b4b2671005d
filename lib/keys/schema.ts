import * as z from "zod/mini";
import { parseUsd } from "../micro-usd";
import { type ExpiryChoice, parseExpiry } from "./expiry";
import { parseGrace } from "./rotation";

/** Controls, line separators, and what is invisible or turns the reading direction. Hangul fillers are letters that show nothing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115F\u1160\u3164\uFFA0]/u;

const LARGEST_INT = 2_147_483_647;

/** A name for people: 1 to 64 characters, nothing invisible. Names need not be unique. */
export const nameField = z.pipe(
  z.pipe(
    z.string("Give it a name."),
    z.transform((text) => text.normalize("NFC").trim()),
  ),
  z.string().check(
    z.refine((text) => text !== "", "Give it a name."),
    z.refine((text) => [...text].length <= 64, "Use at most 64 characters."),
    z.refine((text) => !UNPRINTABLE.test(text), "Leave out control and invisible characters."),
  ),
);

const id = z.uuid("This is not an id.");

/** A whole number of 1 or more. An empty field of a form means "not limited here", a missing one "leave it as it is". */
export function wholeNumber(largest: number, most: string) {
  return z.optional(
    z.pipe(
      z.transform((given: unknown) => {
        if (given === null || given === "") return null;
        return typeof given === "string" && /^\s*\d+\s*$/.test(given) ? Number(given) : given;
      }),
      z.nullable(
        z
          .number("Use a whole number.")
          .check(
            z.refine(Number.isSafeInteger, "Use a whole number."),
            z.gte(1, "Use 1 or more."),
            z.lte(largest, `Use ${most} or less.`),
          ),
      ),
    ),
  );
}

/** An amount in dollars as a person types it; in micro-dollars once parsed. Empty: none. */
export const usdField = z.optional(
  z.pipe(
    z.string(),
    z.transform((text, context) => {
      if (text.trim() === "") return null;
      const microUsd = parseUsd(text);
      if (microUsd !== null) return microUsd;
      context.issues.push({ code: "custom", input: text, message: "Use dollars, such as 0.78." });
      return z.NEVER;
    }),
  ),
);

/** A list as an array, or as text with commas or line ends between. */
function listOf<Item extends z.ZodMiniType<unknown, string>>(item: Item, most: number) {
  return z.optional(
    z.pipe(
      z.transform((given: unknown) => {
        const parts = typeof given === "string" ? given.split(/[,\n]/) : given;
        if (!Array.isArray(parts)) return parts;
        const trimmed = parts.map((part) => (typeof part === "string" ? part.trim() : part));
        return [...new Set(trimmed.filter((part) => part !== ""))];
      }),
      z.array(item).check(z.maxLength(most, `Use at most ${most} entries.`)),
    ),
  );
}

const model = z.string().check(
  z.maxLength(200, "A model's name has at most 200 characters."),
  z.refine((text) => !UNPRINTABLE.test(text), "Leave out control and invisible characters."),
);

/** An IPv4 or IPv6 network such as `10.0.0.0/8`; an address alone is the network that holds only it. */
const network = z.pipe(
  z.pipe(
    z.string(),
    z.transform((text) => {
      if (text.includes("/")) return text.toLowerCase();
      return text.includes(":") ? `${text.toLowerCase()}/128` : `${text}/32`;
    }),
  ),
  z.union([z.cidrv4(), z.cidrv6()], "Use networks such as 10.0.0.0/8 or 2001:db8::/32."),
);

const limitFields = {
  rpm: wholeNumber(LARGEST_INT, "2,147,483,647"),
  tpm: wholeNumber(LARGEST_INT, "2,147,483,647"),
  concurrency: wholeNumber(10_000, "10,000"),
  monthlyTokens: wholeNumber(Number.MAX_SAFE_INTEGER, "9,007,199,254,740,991"),
  monthlyUsd: usdField,
  models: listOf(model, 50),
  cidrs: listOf(network, 50),
  rotateEveryDays: wholeNumber(3_650, "3,650"),
};

/** `default`, `never`, a duration or an ISO date. */
const expires = z.optional(
  z.pipe(
    z.string(),
    z.transform((text, context): ExpiryChoice => {
      const choice = parseExpiry(text);
      if (choice) return choice;
      context.issues.push({ code: "custom", input: text, message: "Use a duration such as 90d, a date, or never." });
      return z.NEVER;
    }),
  ),
);

/** Milliseconds, or a duration such as `24h`. */
const graceMs = z.pipe(
  z.transform((given: unknown) => (typeof given === "string" ? parseGrace(given) : given)),
  z
    .number("Use a duration such as 15m, 24h or 7d.")
    .check(z.refine(Number.isSafeInteger, "Use a whole number of milliseconds."), z.gte(0, "Use 0s or more.")),
);

/** The create form. `memberId` is for admins: whose key it becomes. */
export const createKeySchema = z.pipe(
  z.object({ name: nameField, memberId: z.optional(id), expires, ...limitFields }),
  z.transform(inMicroUsd),
);

/** The rotate form names the secret its page showed, so that a form sent twice rotates once. */
export const rotateKeySchema = z.object({ keyId: id, secretId: z.optional(id), graceMs });

export const renameKeySchema = z.object({ keyId: id, name: nameField });

/** The limits form. A missing field stays as it is, an empty one is no longer limited here. */
export const updateLimitsSchema = z.pipe(z.object({ keyId: id, expires, ...limitFields }), z.transform(inMicroUsd));

export const endOutgoingSchema = z.object({ keyId: id, secretId: z.optional(id) });

/** Revoke, disable and enable. */
export const keyIdSchema = z.object({ keyId: id });

/** Forms speak of dollars, everything behind them of micro-dollars. */
function inMicroUsd<Form extends { monthlyUsd?: number | null | undefined }>({ monthlyUsd, ...form }: Form) {
  const cap: { monthlyMicroUsd?: number | null } = monthlyUsd === undefined ? {} : { monthlyMicroUsd: monthlyUsd };
  return { ...form, ...cap };
}

export type CreateKey = z.output<typeof createKeySchema>;
export type RotateKey = z.output<typeof rotateKeySchema>;
export type RenameKey = z.output<typeof renameKeySchema>;
export type UpdateLimits = z.output<typeof updateLimitsSchema>;
export type EndOutgoing = z.output<typeof endOutgoingSchema>;
export type KeyChange = z.output<typeof keyIdSchema>;
