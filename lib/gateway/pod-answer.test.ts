import { expect, test } from "vitest";
import { cleanedMessage, refusalFromPod, refusalFromTransport } from "./pod-answer";

const body = (message: string, param: string | null = null) =>
  Buffer.from(JSON.stringify({ error: { message, type: "x", param, code: 400 } }));

test("a caller's own mistake keeps its meaning and its field", () => {
  const words = "max_tokens=20000 cannot be greater than max_model_len=1024. (parameter=max_tokens, value=20000)";
  expect(refusalFromPod(400, body(words, "max_tokens"), null)).toMatchObject({
    code: "context_length_exceeded",
    message: words,
    param: "max_tokens",
  });
});

test.each([
  ["http://10.0.0.7:8000/v1 refused", /10\.0|http/],
  ["object at 0x7f3a5c2b1d90 is bad", /0x7f/],
  ["see /usr/lib/python3/x.py", /usr/],
  ["connect to pod-1.internal:8000", /internal/],
  ["key sk-abcdefghijkl is wrong", /abcdefgh/],
  ["Traceback (most recent call last): …", /Traceback/],
])("%s does not go out", (message, secret) => {
  expect(refusalFromPod(400, body(message), null).message).not.toMatch(secret);
});

test("control characters and length are cut", () => {
  expect(cleanedMessage("a\u0000b\u202ec")).toBe("abc");
  expect(cleanedMessage("x".repeat(10_000))?.length).toBeLessThan(500);
});

test.each([
  [401, "pod_error"],
  [403, "pod_error"],
  [307, "pod_error"],
  [500, "pod_error"],
  [502, "pod_unavailable"],
  [503, "pod_unavailable"],
  [504, "pod_timeout"],
  [524, "pod_timeout"],
  [429, "rate_limit_exceeded"],
])("the pod's %i becomes %s", (status, code) => {
  const refusal = refusalFromPod(status, body("secret inside"), "7");
  expect([refusal.code, refusal.message.includes("inside")]).toEqual([code, false]);
});

test("retry-after is passed on where a retry helps, within an hour", () => {
  expect(refusalFromPod(429, body(""), "7").retryAfterSeconds).toBe(7);
  expect(refusalFromPod(503, body(""), "1e9").retryAfterSeconds).toBe(3_600);
  expect(refusalFromPod(503, body(""), "Wed, 21 Oct").retryAfterSeconds).toBe(5);
});

test.each([
  ["ECONNREFUSED", "pod_unavailable"],
  ["ENOTFOUND", "pod_unavailable"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "pod_unavailable"],
  ["POD_CONNECT_TIMEOUT", "pod_unavailable"],
  ["POD_SILENT", "pod_timeout"],
  ["POD_BROKE_OFF", "pod_error"],
  ["POD_BAD_ANSWER", "pod_error"],
  ["ECONNRESET", "pod_error"],
])("%s on the way to the pod becomes %s", (code, expected) => {
  expect(refusalFromTransport(Object.assign(new Error("x"), { code })).code).toBe(expected);
});

test("a refusal that is about the pod says its state, and a pod without room is not called a loading one", () => {
  expect(refusalFromPod(502, body(""), null)).toMatchObject({ state: "loading", retryAfterSeconds: 5 });
  const refused = Object.assign(new Error("x"), { code: "ECONNREFUSED" });
  expect(refusalFromTransport(refused)).toMatchObject({ state: "unreachable", cause: refused });
  const full =
    "The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.";
  const refusal = refusalFromPod(503, body(full), null);
  expect(refusal).toMatchObject({
    code: "pod_unavailable",
    message: expect.stringMatching(/as many requests as it takes/),
  });
  expect(refusal).not.toHaveProperty("state");
});
