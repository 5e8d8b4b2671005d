import { expect, test } from "vitest";
import { hooksSchema, powerFormSchema } from "./schema";

const podId = "01939c6e-7a44-7000-8000-000000000001";
const hook = { url: "https://rest.runpod.io/v1/pods/abc/start", headers: { Authorization: "Bearer rpa_1" } };

test("a hook is a POST unless it says otherwise, and goes out as it was typed", () => {
  expect(hooksSchema.parse({ start: hook, stop: null })).toEqual({
    start: { ...hook, method: "POST", body: null },
    stop: null,
  });
  expect(hooksSchema.parse({ start: { ...hook, method: "PATCH", body: { a: 1 } } }).start?.body).toBe('{"a":1}');
});

test.each([
  "http://rest.runpod.io/start",
  "http://169.254.169.254/latest",
  "https://169.254.169.254/latest",
  "https://metadata.google.internal/",
  "https://[fe80::1]/",
  "https://0x7f000001.example@169.254.169.254/",
  "https://user:word@example.com/",
  "ftp://example.com/",
  "file:///etc/passwd",
])("%s is no hook", (url) => {
  expect(hooksSchema.safeParse({ start: { url } }).success).toBe(false);
});

test.each([
  "http://127.0.0.1:9/",
  "http://10.1.2.3/x",
  "http://provider/start",
  "http://gpu.internal/",
  "http://[::1]:8/",
])("%s may be plain: it is private", (url) => {
  expect(hooksSchema.safeParse({ stop: { url } }).success).toBe(true);
});

test.each([{ Host: "a" }, { "Content-Length": "1" }, { "X-A": "b\r\nX-C: d" }, { "bad name": "x" }])(
  "headers that would change the call itself are refused: %j",
  (headers) => {
    expect(hooksSchema.safeParse({ start: { ...hook, headers } }).success).toBe(false);
  },
);

test("the form: one authorization for both hooks; an empty address keeps what is stored, forgetting takes both away", () => {
  const typed = { podId, startUrl: hook.url, stopUrl: "", authorization: " Bearer rpa_1\n" };
  expect(powerFormSchema.parse({ ...typed, wakeWhenCalled: "true", stopAfterMinutes: "30" })).toEqual({
    podId,
    start: { ...hook, method: "POST", body: null },
    wakeWhenCalled: true,
    stopAfterMinutes: 30,
  });
  expect(powerFormSchema.parse({ ...typed, forget: "true" })).toMatchObject({ start: null, stop: null });
  const refused = (fields: object) =>
    powerFormSchema.safeParse({ ...typed, ...fields }).error?.issues.map(({ path }) => path[0]);
  expect(refused({ startUrl: "http://example.com" })).toEqual(["startUrl"]);
  expect(refused({ authorization: "a\nb" })).toEqual(["authorization"]);
  expect(refused({ stopAfterMinutes: "3" })).toEqual(["stopAfterMinutes"]);
});
