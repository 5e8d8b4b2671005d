import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { AdmissionTimes } from "../admit-calls";
import { PLAIN_ENVIRONMENT } from "../children";
import type { Figure } from "../figures";
import { spreadOf } from "../statistics";

export const PACE = { quick: { rounds: 2 }, full: { rounds: 5 } } satisfies Record<string, { rounds: number }>;

/** What admission adds to a call with every limit set for its key and its member, kept in the process. */
export async function measureAdmission({ rounds }: { rounds: number }): Promise<Figure[]> {
  const program = join(import.meta.dirname, "../.build/admit-calls.mjs");
  const measured: AdmissionTimes[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env: PLAIN_ENVIRONMENT });
    measured.push(JSON.parse(stdout) as AdmissionTimes);
  }
  const typical = (of: (times: AdmissionTimes) => number) => spreadOf(measured.map(of)).median.toFixed(2);
  const details = `mean ${typical(({ mean }) => mean)} µs, p50 ${typical(({ p50 }) => p50)} µs; settling ${typical(({ settleMean }) => settleMean)} µs`;
  return [
    {
      name: "admission, limits in the process, p99",
      value: spreadOf(measured.map(({ p99 }) => p99)),
      unit: "µs",
      detail: `${details}; five limits each for key and member, 64 calls in flight`,
      goal: { better: "less", least: 100, aim: 20 },
    },
  ];
}
