import { expect, test } from "vitest";
import { write } from "./text";
import { countTokens } from "./tokenizer";

const textOf = (pieces: readonly { text: string }[]) => pieces.map(({ text }) => text).join("");

test("the same seed writes the same text, another one another", () => {
  expect(write(1, 500)).toEqual(write(1, 500));
  expect(new Set(Array.from({ length: 50 }, (_, seed) => textOf(write(seed, 500).pieces))).size).toBeGreaterThan(40);
});

test("texts are whole sentences of a readable length, and count as the tokenizer counts", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const { pieces, ended } = write(seed, 500);
    const text = textOf(pieces);
    expect(ended).toBe(true);
    expect(text).toMatch(/^[A-Z].*\.$/);
    expect(countTokens(text)).toBe(pieces.length);
    expect(pieces.length).toBeGreaterThanOrEqual(15);
    expect(pieces.length).toBeLessThanOrEqual(250);
  }
});

test("a limit cuts the same text short and says so", () => {
  const full = textOf(write(7, 500).pieces);
  const cut = write(7, 10);
  expect(cut.ended).toBe(false);
  expect(cut.pieces).toHaveLength(10);
  expect(full.startsWith(textOf(cut.pieces))).toBe(true);
});

test("a text without an end fills any limit", () => {
  expect(write(7, 3_000, true).pieces).toHaveLength(3_000);
});
