import { expect, test } from "vitest";
import { Failures } from "./failures";

const PATH = "/v1/chat/completions";

test("a failure without conditions strikes inference and leaves health alone", () => {
  const failures = new Failures();
  failures.add({ mode: "error-500" });
  expect(failures.take(PATH, true, undefined, "").answer?.mode).toBe("error-500");
  expect(failures.take("/health", false, undefined, "").answer).toBeUndefined();
});

test("a path, a request id or a piece of the body narrow it down", () => {
  const failures = new Failures();
  failures.add(
    { mode: "hang", path: "/health" },
    { mode: "cut", bodyIncludes: "canary" },
    { mode: "crlf", requestId: "r1" },
  );
  expect(failures.take("/health", false, undefined, "").answer?.mode).toBe("hang");
  expect(Object.keys(failures.take(PATH, true, "r2", "a canary sings").quirks ?? {})).toEqual(["cut"]);
  expect(Object.keys(failures.take(PATH, true, "r1", "").quirks ?? {})).toEqual(["crlf"]);
});

test("it strikes as often as it was told to", () => {
  const failures = new Failures();
  failures.add({ mode: "overloaded", times: 2 });
  const modes = Array.from({ length: 3 }, () => failures.take(PATH, true, undefined, "").answer?.mode);
  expect(modes).toEqual(["overloaded", "overloaded", undefined]);
  expect(failures.list).toEqual([]);
});

test("healing ends one kind or all", () => {
  const failures = new Failures();
  failures.add({ mode: "crlf" }, { mode: "cut" });
  failures.heal("cut");
  expect(failures.list.map(({ mode }) => mode)).toEqual(["crlf"]);
  failures.heal();
  expect(failures.list).toEqual([]);
});
