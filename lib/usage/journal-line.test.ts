import fc from "fast-check";
import { expect, test } from "vitest";
import { openingOf, randomEvent } from "@/test/usage/random-event";
import { decodeHeader, decodeLine, encodeHeader, encodeLine } from "./journal-line";

test("an event comes back from its line as it was", () => {
  const text = fc.option(fc.string({ unit: "binary" }), { nil: null });
  const count = fc.integer({ min: 0, max: 1_000_000_000 });
  fc.assert(
    fc.property(text, text, fc.boolean(), count, fc.boolean(), (model, errorCode, streamed, tokens, isOpen) => {
      const event = randomEvent({ model, errorCode, streamed, promptTokens: tokens, podId: isOpen ? null : undefined });
      const written = isOpen ? openingOf(event) : { ...event, podId: event.keyId };
      const line = encodeLine(written);
      expect(line.indexOf("\n")).toBe(line.length - 1);
      expect(decodeLine(line)).toEqual(written);
    }),
  );
});

test("no half of a line is taken for an event, and nothing makes the reader throw", () => {
  const line = encodeLine(randomEvent());
  for (let length = 0; length < line.length - 2; length += 1) expect(decodeLine(line.slice(0, length))).toBeNull();
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (garbage) => {
      expect(decodeLine(garbage)).toBeNull();
    }),
  );
});

test("a segment says whose it is, and one of another version is not read", () => {
  expect(decodeHeader(encodeHeader("019d0000-0000-7000-8000-000000000000"))).toBe(
    "019d0000-0000-7000-8000-000000000000",
  );
  expect(decodeHeader('["podpass-journal",2,"019d0000-0000-7000-8000-000000000000"]')).toBeNull();
  expect(decodeHeader("")).toBeNull();
});
