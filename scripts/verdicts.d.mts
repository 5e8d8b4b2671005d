import type { VitestReport } from "../test/setup/vitest-verdicts";

export type Verdict = { name: string; error: string[] };
export type Verdicts = { passed: number; failed: Verdict[]; flaky: Verdict[] };

export function vitestVerdicts(report: VitestReport, root: string): Verdicts;
export function playwrightVerdicts(report: unknown, root: string): Verdicts;
export function verdictLines(mark: string, verdicts: readonly Verdict[]): string[];
export function firstLines(text: string, root: string): string[];
