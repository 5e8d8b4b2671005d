import { expect, test } from "vitest";
import { playwrightVerdicts, verdictLines, vitestVerdicts } from "./verdicts.mjs";

const ROOT = "/work/podpass";

test("a failed unit test is named with its error, what was compared, and where it stands", () => {
  const error = {
    message: "AssertionError: expected 3 to be 4",
    cause: "Matcher did not succeed in time.",
    diff: "\u001b[32m- Expected\u001b[39m\n\n- 4\n+ 3",
    stack: `AssertionError: expected 3 to be 4
    at Object.toBe (${ROOT}/node_modules/vitest/dist/index.js:1:1)
    at file://${ROOT}/lib/keys/status.test.ts:6:73`,
  };
  const { failed } = vitestVerdicts({ passed: 1, failed: [{ name: "lib/a.test.ts › one", error }], flaky: [] }, ROOT);
  expect(verdictLines("✗", failed)).toEqual([
    "✗ lib/a.test.ts › one",
    "    AssertionError: expected 3 to be 4",
    "    Matcher did not succeed in time.",
    "    - Expected",
    "    - 4",
    "    + 3",
    "    at lib/keys/status.test.ts:6:73",
  ]);
});

test("an endless error is cut to what a reader takes in, and so is an endless list", () => {
  const error = { message: `Error: ${"long ".repeat(500)}`, cause: "", diff: "line\n".repeat(500), stack: "" };
  const failed = Array.from({ length: 60 }, (_, n) => ({ name: `test ${n}`, error }));
  const lines = verdictLines("✗", vitestVerdicts({ passed: 0, failed, flaky: [] }, ROOT).failed);
  expect(lines).toHaveLength(40 * 9 + 1);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(250);
  expect(lines.at(-1)).toBe("and 20 more");
});

const failure = (message: string) => ({
  error: { message, stack: `${message}\n    at ${ROOT}/e2e/keys.spec.ts:5:14` },
  errors: [{ message }, { message: "locator.click: waiting for getByText('Bye')" }],
});

test("browser tests: which failed, which passed only when tried again, and how many passed", () => {
  const spec = (title: string, status: string, results: object[]) => ({
    title,
    tests: [{ projectName: "phone", status, results }],
  });
  const report = {
    errors: [],
    suites: [
      {
        title: "keys.spec.ts",
        specs: [spec("is made", "expected", [{ errors: [] }]), spec("is skipped", "skipped", [])],
        suites: [
          {
            title: "by keyboard",
            specs: [
              spec("is made", "unexpected", [failure("\u001b[31mTest timeout of 90000ms exceeded.\u001b[39m")]),
              spec("is lost", "flaky", [failure("Error: lost"), { errors: [] }]),
            ],
          },
        ],
      },
    ],
  };
  const { passed, failed, flaky } = playwrightVerdicts(report, ROOT);
  expect(passed).toBe(2);
  expect(verdictLines("✗", failed)).toEqual([
    "✗ [phone] keys.spec.ts › by keyboard › is made",
    "    Test timeout of 90000ms exceeded.",
    "    locator.click: waiting for getByText('Bye')",
    "    at e2e/keys.spec.ts:5:14",
  ]);
  expect(flaky.map(({ name }) => name)).toEqual(["[phone] keys.spec.ts › by keyboard › is lost"]);
});

test("a browser run that ends before any test says why", () => {
  const report = { errors: [{ message: "Error: exit 1\nno database" }], suites: [] };
  expect(playwrightVerdicts(report, ROOT)).toEqual({
    passed: 0,
    failed: [{ name: "before any test", error: ["Error: exit 1", "no database"] }],
    flaky: [],
  });
});
