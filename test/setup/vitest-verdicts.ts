import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Reporter, SerializedError, TestModule, Vitest } from "vitest/node";

/** What `npm test` reads of a run: Vitest's own JSON has neither the cause of a poll's end, nor a diff, nor stray errors. */
export type VitestReport = {
  passed: number;
  failed: VitestVerdict[];
  /** Passed when they were tried again. */
  flaky: VitestVerdict[];
};

export type VitestVerdict = { name: string; error: ErrorWords };
export type ErrorWords = { message: string; diff: string; stack: string; cause: string };

/** Writes {@link VitestReport} to `test-results/reports/vitest.json`. */
export default class VerdictReporter implements Reporter {
  private root = "";

  onInit({ config }: Vitest) {
    this.root = config.root;
  }

  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly SerializedError[]) {
    const report: VitestReport = { passed: 0, failed: [], flaky: [] };
    for (const module of modules) {
      const file = relative(this.root, module.moduleId);
      for (const error of module.errors()) report.failed.push({ name: file, error: wordsOf(error) });
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors())
          report.failed.push({ name: `${file} › ${suite.fullName}`, error: wordsOf(error) });
      }
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result();
        const verdict = { name: `${file} › ${test.fullName}`, error: wordsOf(errors[0]) };
        if (state === "passed") report.passed += 1;
        if (state === "failed") report.failed.push(verdict);
        else if (test.diagnostic()?.flaky) report.flaky.push(verdict);
      }
    }
    for (const error of strayErrors) report.failed.push({ name: "outside of any test", error: wordsOf(error) });
    const folder = join(this.root, "test-results/reports");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "vitest.json"), JSON.stringify(report));
  }
}

function wordsOf(error: Partial<SerializedError> | undefined): ErrorWords {
  const { name = "Error", message = "", diff, stack = "", cause } = error ?? {};
  return { message: `${name}: ${message}`, diff: String(diff ?? ""), stack, cause: String(cause?.message ?? "") };
}
