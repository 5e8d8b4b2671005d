import * as z from "zod/mini";
import { nameField, usdField, wholeNumber } from "../keys/schema";

/** The only form in which an e-mail address is stored and compared. */
export function normalEmail(text: string): string {
  return text.normalize("NFC").trim().toLowerCase();
}

export const emailField = z.pipe(
  z.pipe(z.string("Enter an e-mail address."), z.transform(normalEmail)),
  z.email("Enter an e-mail address, such as ada@example.org.").check(z.maxLength(254, "This address is too long.")),
);

/** What a new password has to be: long rather than clever, and not one letter repeated. */
export const newPasswordField = z.string("Choose a password.").check(
  z.refine((text) => [...text].length >= 12, "Use at least 12 characters."),
  z.refine((text) => new TextEncoder().encode(text).length <= 1024, "Use at most 1,000 characters."),
  z.refine((text) => new Set(text.toLowerCase()).size >= 5, "Use more different characters."),
);

/** What somebody is called. */
const personField = z.pipe(z.string().check(z.refine((text) => text.trim() !== "", "Enter your name.")), nameField);

export const roleField = z.enum(["OWNER", "ADMIN", "MEMBER"]);

const id = z.uuid("This is not an id.");

/** What a link carries after its last slash. */
export const linkTokenSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/, "This link is not complete."));

/** Setup's first form; the code is empty for those who sit at this machine. */
export const setupSchema = z.object({
  name: personField,
  email: emailField,
  password: newPasswordField,
  code: z._default(z.string().check(z.maxLength(200)), ""),
});

/** Without an address the link is for whoever holds it. */
export const inviteSchema = z.object({
  email: z.union([
    z.pipe(
      z.literal(""),
      z.transform(() => null),
    ),
    z.null(),
    emailField,
  ]),
  role: roleField,
});

export const acceptInviteSchema = z.object({
  token: linkTokenSchema,
  name: personField,
  email: emailField,
  password: newPasswordField,
});

export const resetPasswordSchema = z.object({ token: linkTokenSchema, password: newPasswordField });

export const requestResetSchema = z.object({ email: emailField });

export const memberIdSchema = z.object({ memberId: id });

export const inviteIdSchema = z.object({ inviteId: id });

export const sessionIdSchema = z.object({ sessionId: id });

export const accountIdSchema = z.object({ accountId: id });

export const changeRoleSchema = z.object({ memberId: id, role: roleField });

/** A member's own ceiling; money in dollars. An empty field leaves it to the policy, a missing one stays as it is. */
export const memberLimitsSchema = z.pipe(
  z.object({
    memberId: id,
    rpm: wholeNumber(2_147_483_647, "2,147,483,647"),
    tpm: wholeNumber(2_147_483_647, "2,147,483,647"),
    concurrency: wholeNumber(10_000, "10,000"),
    monthlyTokens: wholeNumber(Number.MAX_SAFE_INTEGER, "9,007,199,254,740,991"),
    monthlyUsd: usdField,
  }),
  z.transform(({ memberId, monthlyUsd, ...limits }) => ({
    memberId,
    limits: { ...limits, monthlyMicroUsd: monthlyUsd },
  })),
);

export const changePasswordSchema = z.object({
  /** Empty for members who have none yet. */
  current: z._default(z.string(), ""),
  password: newPasswordField,
});

const isZone = (zone: string) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== null;
  } catch {
    return false;
  }
};

/** `system` is a choice too: it holds on the next browser as well. Empty: none was made. */
const themeField = z.pipe(
  z.enum(["", "system", "light", "dark"]),
  z.transform((theme) => (theme === "" ? null : theme)),
);

/** An empty zone means the browser's. */
export const profileSchema = z.object({
  name: personField,
  timeZone: z.union([
    z.pipe(
      z.literal(""),
      z.transform(() => null),
    ),
    z.string().check(z.maxLength(64), z.refine(isZone, "Choose a zone such as Europe/Berlin.")),
  ]),
  theme: themeField,
});

/** The theme alone. */
export const themeSchema = z.object({ theme: themeField });
