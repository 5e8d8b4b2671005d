import { expect, test } from "vitest";
import { isGuarded, keyCheck } from "./auth";

test.each(["/v1/models", "/v1/nothing", "/v2/rerank", "/inference/v1/generate", "/cohere/x"])(
  "%s needs the key",
  (path) => {
    expect(isGuarded(path)).toBe(true);
  },
);

test.each(["/health", "/metrics", "/tokenize", "/invocations", "/score", "/V1/models", "//v1/models"])(
  "%s is open",
  (path) => {
    expect(isGuarded(path)).toBe(false);
  },
);

test("each of several keys opens, whatever the case of the scheme, and again", () => {
  const opens = keyCheck(["first", "second"]);
  for (const header of ["Bearer first", "bearer second", "BEARER first", "Bearer first"])
    expect(opens(header)).toBe(true);
});

test.each([
  undefined,
  "",
  "first",
  "Basic first",
  "Bearer",
  "Bearer ",
  "Bearer First",
  "Bearer first ",
  "Bearer  first",
])("%j opens nothing", (header) => {
  expect(keyCheck(["first"])(header)).toBe(false);
});

test("without keys everything is open", () => {
  expect(keyCheck([])(undefined)).toBe(true);
});
