import fc from "fast-check";
import { expect, test } from "vitest";
import { fitting, LONGEST_MS, MOST_TOKENS, type UsageEvent } from "./event";

const event: UsageEvent = {
  requestId: "019d0000-0000-7000-8000-000000000000",
  atMs: 0x019d00000000,
  keyId: "019d0000-0000-7000-8000-000000000001",
  secretId: "019d0000-0000-7000-8000-000000000002",
  memberId: "019d0000-0000-7000-8000-000000000003",
  podId: null,
  model: "llama",
  route: "/v1/chat/completions",
  streamed: true,
  status: 200,
  outcome: "completed",
  tokenSource: "measured",
  promptTokens: 10,
  cachedTokens: 4,
  completionTokens: 20,
  queueMs: 0,
  ttftMs: 12,
  durationMs: 340,
  errorCode: null,
};

test("an event within range is left as it is", () => {
  expect(fitting(event)).toEqual(event);
});

test("whatever numbers an event was made from, its columns can hold them", () => {
  const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0));
  fc.assert(
    fc.property(anyNumber, anyNumber, anyNumber, (a, b, c) => {
      const fit = fitting({
        ...event,
        promptTokens: a,
        cachedTokens: b,
        completionTokens: c,
        ttftMs: a,
        durationMs: b,
      });
      for (const count of [fit.promptTokens, fit.cachedTokens, fit.completionTokens]) {
        expect(Number.isInteger(count) && count >= 0 && count <= MOST_TOKENS).toBe(true);
      }
      for (const ms of [fit.ttftMs, fit.durationMs]) {
        expect(ms !== null && Number.isInteger(ms) && ms >= 0 && ms <= LONGEST_MS).toBe(true);
      }
      expect(fit.cachedTokens).toBeLessThanOrEqual(fit.promptTokens);
    }),
  );
});

test("text that PostgreSQL would refuse is cleaned, and long text is cut", () => {
  expect(fitting({ ...event, model: "a\0b\ud800c" }).model).toBe("abc");
  expect(fitting({ ...event, model: "😀" }).model).toBe("😀");
  expect(fitting({ ...event, errorCode: "x".repeat(5_000) }).errorCode).toHaveLength(256);
});
