import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openPodKey, sealPodKey } from "./seal";

const key = randomBytes(32);

test("a sealed key opens again, and no two seals are alike", () => {
  fc.assert(
    fc.property(fc.uuid(), fc.string({ minLength: 1, unit: "grapheme" }), (podId, podKey) => {
      const sealed = sealPodKey(podId, podKey, key);
      expect(openPodKey(podId, sealed, key)).toBe(podKey);
      expect(sealPodKey(podId, podKey, key)).not.toEqual(sealed);
      if (podKey.length > 3) expect(sealed.includes(podKey)).toBe(false);
    }),
  );
});

test("it opens for no other pod, under no other secret, and not when a bit changed", () => {
  const sealed = sealPodKey("pod-a", "a key", key);
  expect(() => openPodKey("pod-b", sealed, key)).toThrow(/cannot be opened/);
  expect(() => openPodKey("pod-a", sealed, randomBytes(32))).toThrow(/cannot be opened/);
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(() => openPodKey("pod-a", changed, key)).toThrow(/cannot be opened/);
  }
  expect(() => openPodKey("pod-a", sealed.subarray(0, 20), key)).toThrow(/cannot be opened/);
});
