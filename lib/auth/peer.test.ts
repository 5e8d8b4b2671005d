import { expect, test } from "vitest";
import { peerOf } from "./peer";

test.each([
  ["token 203.0.113.9", "token", "203.0.113.9"],
  ["guess 203.0.113.9", "token", null],
  ["token", "token", null],
  ["203.0.113.9", "token", null],
  [" 203.0.113.9", "", null],
  ["undefined 203.0.113.9", undefined, null],
  [null, "token", null],
])("%j with our token %j names %j", (header, token, peer) => {
  expect(peerOf(header, token)).toBe(peer);
});
