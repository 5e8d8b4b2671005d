import { expect, test } from "vitest";
import { isAllowedDomain, isListedDomain } from "./email-domain";
import { verifiedEmail } from "./providers";

test.each([
  [{ email: "Ada@Example.org", email_verified: true }, "ada@example.org"],
  [{ email: "ada@example.org", email_verified: "true" }, "ada@example.org"],
  [{ email: "ada@example.org", email_verified: false }, null],
  [{ email: "ada@example.org", email_verified: "false" }, null],
  [{ email: "ada@example.org" }, null],
  [{ email: ["ada@example.org"], email_verified: true }, null],
  [{ email: "ada", email_verified: true }, null],
  [{ email_verified: true }, null],
  [null, null],
])("a provider that says %j vouches for %j", (profile, email) => {
  expect(verifiedEmail(profile)).toBe(email);
});

test.each([
  ["ada@example.org", ["example.org"], true],
  ["ada@EXAMPLE.org", ["example.org"], true],
  ["ada@sub.example.org", ["example.org"], false],
  ["ada@evil-example.org", ["example.org"], false],
  ['"x@example.org"@evil.example', ["example.org"], false],
  ["ada@example.org", [], true],
])("%s among %j may be invited: %s", (email, domains, isAllowed) => {
  expect(isAllowedDomain(email, domains)).toBe(isAllowed);
});

test("an empty list lets nobody in uninvited", () => {
  expect(isListedDomain("ada@example.org", [])).toBe(false);
});
