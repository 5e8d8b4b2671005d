import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { digestOf, hintOf, looksLikeSecret, mintSecret } from "./secret";
import { holdsSecret } from "./secret-shape";

// Statistics take a while on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

describe("a secret", () => {
  test("has the documented form", () => {
    expect(mintSecret()).toMatch(/^sk-vllm-[0-9A-Za-z]{38}$/);
  });

  test("is recognised by shape and checksum", () => {
    for (let round = 0; round < 1_000; round += 1) expect(looksLikeSecret(mintSecret())).toBe(true);
  });

  test("ends in the CRC-32 of what precedes it, zero-padded", () => {
    const body = "sk-vllm-00000000000000000000000000000000";
    expect(looksLikeSecret(body + checksum(body))).toBe(true);
  });

  test("is no longer one when any letter changes", () => {
    fc.assert(
      fc.property(fc.nat({ max: 45 }), fc.constantFrom(...LETTERS), (position, letter) => {
        const secret = mintSecret();
        fc.pre(secret[position] !== letter);
        expect(looksLikeSecret(secret.slice(0, position) + letter + secret.slice(position + 1))).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["a line end after it", (secret: string) => `${secret}\n`],
    ["a space before it", (secret: string) => ` ${secret}`],
    ["a wide digit in it", (secret: string) => secret.replace(/[0-9A-Za-z]$/, "０")],
    ["another case", (secret: string) => secret.toUpperCase()],
    ["nothing", () => ""],
    ["the prefix alone", () => "sk-vllm-"],
  ])("is not recognised with %s", (_, change) => {
    expect(looksLikeSecret(change(mintSecret()))).toBe(false);
  });

  test("is never found in other text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !looksLikeSecret(text)));
  });
});

test("minted letters are uniform, and no secret comes twice", () => {
  const minted = 100_000;
  const seen = new Set<string>();
  const counts = new Map([...LETTERS].map((letter) => [letter, 0]));
  for (let round = 0; round < minted; round += 1) {
    const secret = mintSecret();
    seen.add(secret);
    for (const letter of secret.slice(8, 40)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  expect(seen.size).toBe(minted);
  expect(counts.size).toBe(62);
  const expected = (minted * 32) / 62;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 61 degrees of freedom: beyond 125 lies less than one run in 300,000. `byte % 62` would give about 40,000.
  expect(chiSquare).toBeLessThan(125);
});

test("a hint shows four letters of each end", () => {
  expect(hintOf("sk-vllm-7Qm4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaB3xZ")).toBe("sk-vllm-7Qm4…B3xZ");
});

test("a digest depends on the secret and on the pepper", () => {
  const [pepper, other, secret] = [randomBytes(32), randomBytes(32), mintSecret()];
  expect(digestOf(secret, pepper)).toHaveLength(32);
  expect(digestOf(secret, pepper)).toEqual(digestOf(secret, pepper));
  expect(digestOf(secret, pepper)).not.toEqual(digestOf(secret, other));
  expect(digestOf(secret, pepper)).not.toEqual(digestOf(mintSecret(), pepper));
});

test("a whole secret in a search field is noticed, a hint is not", () => {
  const secret = mintSecret();
  expect(holdsSecret(`OPENAI_API_KEY=${secret}`)).toBe(true);
  expect(holdsSecret(hintOf(secret))).toBe(false);
});

/** A second, independent CRC-32 in base62: the bitwise form of the reversed polynomial. */
function checksum(text: string) {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = "";
  for (let digit = 0; digit < 6; digit += 1) {
    digits = LETTERS.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

test("a digest is the HMAC of the text, whatever its length", () => {
  const pepper = Buffer.alloc(32, 7);
  for (const length of [0, 1, 46, 64, 511, 512, 513, 4_096]) {
    const text = "s".repeat(length);
    expect(digestOf(text, pepper)).toEqual(createHmac("sha256", pepper).update(text).digest());
  }
});
