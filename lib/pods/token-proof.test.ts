import { expect, test } from "vitest";
import {
  afterLook,
  afterProbe,
  firstProof,
  isProbeDue,
  isQuiet,
  isStuck,
  lacksTokens,
  type TokenProof,
} from "./token-proof";

const MINUTE = 60_000;
const start = 1_000_000;

type Looked = { at: number; generated?: number | null; running?: number; elsewhere?: number | null };

function look(proof: TokenProof, { at, generated = null, running = 0, elsewhere = null }: Looked) {
  return afterLook(proof, { now: at, generatedTokens: generated, running, seenElsewhereAt: elsewhere });
}

test("a pod is not asked while tokens are seen, and an idle one every quarter of an hour", () => {
  let proof = look(firstProof(start), { at: start, generated: 10 });
  expect(isProbeDue(proof, false, start + 14 * MINUTE)).toBe(false);
  expect(isProbeDue(proof, false, start + 15 * MINUTE)).toBe(true);
  // Somebody's tokens: the counter moved, whoever it was for.
  proof = look(proof, { at: start + 4 * MINUTE, generated: 11 });
  expect(isProbeDue(proof, false, start + 18 * MINUTE)).toBe(false);
  // Another process saw some.
  proof = look(proof, { at: start + 8 * MINUTE, generated: 11, elsewhere: start + 7 * MINUTE });
  expect(isProbeDue(proof, false, start + 21 * MINUTE)).toBe(false);
  expect(isProbeDue(proof, false, start + 22 * MINUTE)).toBe(true);
});

test("a pod that is suspected is asked at once, and not again for fifteen seconds", () => {
  const proof = firstProof(start);
  expect(isProbeDue(proof, true, start + 1)).toBe(true);
  const asked = afterProbe(proof, "unclear", start + 1, start + 2);
  expect(isProbeDue(asked, true, start + 15_000)).toBe(false);
  expect(isProbeDue(asked, true, start + 15_001)).toBe(true);
});

test("a probe that brought none is soon followed by the one that decides, and a pod that fails is asked now and then", () => {
  let proof = afterProbe(firstProof(start), "none", start, start + 10);
  expect([isProbeDue(proof, true, start + 1_999), isProbeDue(proof, true, start + 2_000)]).toEqual([false, true]);
  proof = afterProbe(proof, "none", start + 2_000, start + 2_010);
  expect([isProbeDue(proof, true, start + 16_999), isProbeDue(proof, true, start + 17_000)]).toEqual([false, true]);
});

test("one probe without a token is no failure, two are, and a token ends it", () => {
  let proof = afterProbe(firstProof(start), "none", start, start + 30_000);
  expect(lacksTokens(proof)).toBe(false);
  expect(isProbeDue(proof, false, start + 30_000)).toBe(true);
  proof = afterProbe(proof, "none", start + 30_000, start + 60_000);
  expect(lacksTokens(proof)).toBe(true);
  expect(lacksTokens(look(proof, { at: start + 61_000, elsewhere: start + 60_500 }))).toBe(false);
  expect(lacksTokens(afterProbe(proof, "tokens", start + 60_000, start + 61_000))).toBe(false);
});

test("tokens that came while a probe was lost say more than the probe", () => {
  const seen = look(firstProof(start), { at: start + 20_000, elsewhere: start + 10_000 });
  expect(afterProbe(seen, "none", start, start + 30_000).failures).toBe(0);
});

test("work that brings no token for two minutes is stuck; an idle pod and one that was restarted are not", () => {
  let proof = look(firstProof(start), { at: start - 5_000, generated: 500, running: 1 });
  proof = look(proof, { at: start, generated: 500, running: 1 });
  expect(isStuck(look(proof, { at: start + 2 * MINUTE, generated: 501, running: 1 }), start + 2 * MINUTE)).toBe(false);
  expect(isStuck(look(proof, { at: start + 2 * MINUTE, generated: 500, running: 0 }), start + 2 * MINUTE)).toBe(false);
  expect(isStuck(look(proof, { at: start + 2 * MINUTE, generated: 0, running: 1 }), start + 2 * MINUTE)).toBe(false);
  proof = look(proof, { at: start + 2 * MINUTE, generated: 500, running: 1 });
  expect([isStuck(proof, start + 2 * MINUTE), isProbeDue(proof, false, start + 2 * MINUTE)]).toEqual([true, true]);
});

test("a pod is quiet where calls have been on it for two minutes and nobody saw a token meanwhile, whatever it counts", () => {
  const idle = firstProof(start);
  expect(isQuiet(idle, start, start + 2 * MINUTE - 1)).toBe(false);
  expect(isQuiet(idle, start, start + 2 * MINUTE)).toBe(true);
  expect(isQuiet(idle, null, start + 9 * MINUTE)).toBe(false);
  const seen = look(idle, { at: start + 3 * MINUTE, elsewhere: start + 2 * MINUTE });
  expect(isQuiet(seen, start, start + 3 * MINUTE)).toBe(false);
});
