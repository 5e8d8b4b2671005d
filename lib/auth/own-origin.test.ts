import { expect, test } from "vitest";
import { isOwnOrigin } from "./own-origin";

const chosen = { host: "pass.example.org", publicUrl: "https://pass.example.org", isPublicUrlChosen: true };
const unchosen = { host: "192.168.1.4:3000", publicUrl: "http://localhost:3000", isPublicUrlChosen: false };

test.each([
  ["https://pass.example.org", true],
  ["http://pass.example.org", false],
  ["https://pass.example.org:8443", false],
  ["https://evil.example", false],
  ["https://pass.example.org.evil.example", false],
  ["null", false],
  ["", false],
  [null, false],
])("with a chosen PUBLIC_URL, %j is our own: %s", (origin, isOwn) => {
  expect(isOwnOrigin({ ...chosen, origin })).toBe(isOwn);
});

test("with a chosen PUBLIC_URL, a matching Host proves nothing", () => {
  expect(isOwnOrigin({ ...chosen, host: "evil.example", origin: "https://evil.example" })).toBe(false);
});

test.each([
  ["http://localhost:3000", true],
  ["http://192.168.1.4:3000", true],
  ["http://192.168.1.4:3001", false],
  ["http://evil.example", false],
])("without one, the page's own host counts too: %s %s", (origin, isOwn) => {
  expect(isOwnOrigin({ ...unchosen, origin })).toBe(isOwn);
});
