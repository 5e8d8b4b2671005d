import fc from "fast-check";
import { expect, test } from "vitest";
import { countTokens, decode, encode, LONGEST_TOKEN, splitTokens, tokenId } from "./tokenizer";

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(" ", "\n", "a", "Z", "7", "é", "😀", ".", "\t"), fc.string()),
});

test("tokens joined give the text back, and all counts agree", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const pieces = splitTokens(text);
      expect(pieces.join("")).toBe(text);
      expect(countTokens(text)).toBe(pieces.length);
      expect(encode(text)).toHaveLength(pieces.length);
      expect(pieces.every((piece) => piece.length <= LONGEST_TOKEN)).toBe(true);
    }),
  );
});

test("ids give the text back without a vocabulary, and fit into a number", () => {
  fc.assert(
    fc.property(
      anyText.filter((text) => !/\p{Surrogate}/u.test(text)),
      (text) => {
        expect(decode(encode(text))).toBe(text);
        expect(encode(text).every(Number.isSafeInteger)).toBe(true);
      },
    ),
  );
});

test("a text cut after a token has the same tokens up to there", () => {
  const pieces = splitTokens("Rotate what is secret,  keep 12345 keys 😀.");
  for (const end of pieces.keys()) expect(splitTokens(pieces.slice(0, end).join(""))).toEqual(pieces.slice(0, end));
});

test("words take their space along and long ones are split", () => {
  expect(splitTokens("Hello generation 1234")).toEqual(["Hello", " gener", "ation", " 123", "4"]);
});

test("ids below 256 are special and never made from text", () => {
  expect(tokenId("a")).toBeGreaterThan(255);
  expect(decode([2])).toBe("<|end|>");
});
