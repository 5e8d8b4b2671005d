import { expect, test } from "vitest";
import { keyEventWords } from "./key-history";

test.each([
  { action: "key.create", after: null, words: "created it" },
  { action: "key.rotate", after: { graceMs: 86_400_000 }, words: "rotated it, 24 h of grace" },
  { action: "key.rotate", after: { graceMs: 0 }, words: "rotated it, the old secret stopped at once" },
  { action: "key.rename", before: { name: "a" }, after: { name: "b" }, words: "renamed it, a to b" },
  {
    action: "key.limits",
    before: { tpm: 60_000, cidrs: [] },
    after: { tpm: 100_000, cidrs: ["10.0.0.0/8"] },
    words: "changed tokens a minute, 60,000 to 100,000; networks, all to 10.0.0.0/8",
  },
  {
    action: "key.new_network",
    after: { networks: ["198.51.100.0/24"] },
    words: "saw it used from a new network, 198.51.100.0/24",
  },
  {
    action: "key.unusual_rate",
    after: { requests: 1_200, usual: 40 },
    words: "saw 1,200 requests in an hour, usually 40",
  },
])("a key's history says what happened: $words", ({ action, before = null, after, words }) => {
  expect(keyEventWords({ action, before, after })).toBe(words);
});
