import fc from "fast-check";
import { expect, test } from "vitest";
import { callbackPath, HOME } from "./callback-path";

const here = "https://pass.example.org";

test.each([
  "https://evil.example",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\/evil.example",
  "/\\/evil.example",
  "%2f%2fevil.example",
  "/%2fevil.example",
  "/%5cevil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  " //evil.example",
  "/./\\evil.example",
  "/..//evil.example",
  "/.//evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "https://pass.example.org@evil.example",
  "https://pass.example.org.evil.example/",
  "https://pass.example.org:444/keys",
  "https://pass.example.org//evil.example",
  "http://pass.example.org/keys",
  "keys",
  "",
  "/",
  "/sign-in",
  "/sign-in?callbackUrl=/sign-in",
  "/api/auth/signout",
  null,
  undefined,
  ["/usage"],
  `/${"a".repeat(3_000)}`,
])("%j is not followed", (wanted) => {
  expect(callbackPath(wanted, here)).toBe(HOME);
});

test.each([
  ["/usage?range=7d#table", "/usage?range=7d#table"],
  ["/keys/0190a1b2", "/keys/0190a1b2"],
  ["/usage?next=https://evil.example", "/usage?next=https://evil.example"],
  ["https://pass.example.org/usage", "/usage"],
  ["/a/../usage", "/usage"],
  ["/signals", "/signals"],
])("%s leads to %s", (wanted, path) => {
  expect(callbackPath(wanted, here)).toBe(path);
});

test("whatever is asked for, the browser stays here", () => {
  const piece = fc.constantFrom(
    "/",
    "\\",
    "%2f",
    "%5c",
    ".",
    "..",
    "@",
    ":",
    "https:",
    "evil.example",
    "\t",
    "?",
    "#",
    "a",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = callbackPath(pieces.join(""), here);
      expect(new URL(path, here).origin).toBe(here);
      expect(path).toMatch(/^\/(?![/\\])/);
    }),
  );
});
