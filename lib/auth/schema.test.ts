import { expect, test } from "vitest";
import {
  acceptInviteSchema,
  emailField,
  inviteSchema,
  linkTokenSchema,
  newPasswordField,
  profileSchema,
} from "./schema";

test.each([
  [" Ada@Example.ORG ", "ada@example.org"],
  ["a@b.co", "a@b.co"],
])("%j is kept as %s", (text, email) => {
  expect(emailField.parse(text)).toBe(email);
});

test.each([
  "",
  "ada",
  "ada@",
  "@example.org",
  "a b@example.org",
  "ada@example.org\r\nBcc: x@y.z",
  `${"a".repeat(250)}@b.co`,
  7,
])("%j is no address", (text) => {
  expect(emailField.safeParse(text).success).toBe(false);
});

test.each([
  ["twelve chars", true],
  ["eleven char", false],
  ["aaaaaaaaaaaaaaaa", false],
  ["चाय काठमाडौंमा पिउने", true],
  [`${"x".repeat(500)}abcdefgh`, true],
  ["abcdefgh".repeat(129), false],
])("%j may become a password: %s", (text, isFine) => {
  expect(newPasswordField.safeParse(text).success).toBe(isFine);
});

test("a form can't bring a role, an id or a hash along", () => {
  const fields = { token: "A".repeat(43), name: "Eve", email: "eve@example.org", password: "tea in Kathmandu" };
  const smuggled = { role: "OWNER", id: "1", passwordHash: "x", disabledAt: "2020-01-01" };
  expect(acceptInviteSchema.parse({ ...fields, ...smuggled })).toEqual(fields);
});

test("an invite without an address is for whoever holds the link", () => {
  expect(inviteSchema.parse({ email: "", role: "MEMBER" })).toEqual({ email: null, role: "MEMBER" });
  expect(inviteSchema.parse({ email: "Eve@Example.org", role: "ADMIN" })).toEqual({
    email: "eve@example.org",
    role: "ADMIN",
  });
  expect(inviteSchema.safeParse({ email: "", role: "ROOT" }).success).toBe(false);
});

test("a profile takes real zones and known themes only", () => {
  const profile = (timeZone: string, theme: string) => profileSchema.safeParse({ name: "Ada", timeZone, theme });
  expect(profile("Asia/Kathmandu", "dark").data).toEqual({ name: "Ada", timeZone: "Asia/Kathmandu", theme: "dark" });
  expect(profile("", "system").data).toEqual({ name: "Ada", timeZone: null, theme: "system" });
  expect(profile("Mars/Olympus", "dark").success).toBe(false);
  expect(profile("UTC", "pink").success).toBe(false);
});

test.each(["", "A".repeat(42), "A".repeat(44), `${"A".repeat(42)}/`, `${"A".repeat(42)}\n`])(
  "%j is no token",
  (text) => {
    expect(linkTokenSchema.safeParse(text).success).toBe(false);
  },
);
