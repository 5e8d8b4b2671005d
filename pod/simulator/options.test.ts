import { expect, test } from "vitest";
import { parseOptions } from "./options";

test("flags are read with and without an equals sign, lists by repetition", () => {
  const options = parseOptions([
    "--port=0",
    "--key",
    "a",
    "--key",
    "b",
    "--model",
    "m",
    "--tokens-per-second",
    "0",
    "--control",
  ]);
  expect(options).toEqual({ port: 0, keys: ["a", "b"], models: ["m"], tokensPerSecond: 0, control: true });
});

test("variables begin with SIM_, and flags beat them", () => {
  const environment = {
    SIM_KEY: "x,y",
    SIM_TTFT_MS: "5",
    SIM_FAIL: "cut:afterEvents=3;crlf",
    PATH: "/bin",
    SIM_EMPTY: "",
  };
  expect(parseOptions(["--ttft-ms", "9", "--key", "z"], environment)).toEqual({
    keys: ["z"],
    ttftMs: 9,
    failures: [{ mode: "cut", afterEvents: 3 }, { mode: "crlf" }],
  });
});

test.each([
  [["--bogus", "1"], "--bogus is not an option."],
  [["--port", "x"], '--port must be a number of at least 0, not "x".'],
  [["--model"], "--model needs a value."],
])("%j is refused in plain words", (argv, message) => {
  expect(() => parseOptions(argv)).toThrow(message);
});

test("an unknown failure is refused by naming those that exist", () => {
  expect(() => parseOptions(["--fail", "explode"])).toThrow(/Unknown failure mode "explode"\. Known: hang,/);
});
