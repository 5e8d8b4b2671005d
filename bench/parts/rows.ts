import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { PLAIN_ENVIRONMENT } from "../children";
import type { Figure } from "../figures";
import type { RecordedRounds } from "../record-rows";
import type { Rig } from "../rig";
import { spreadOf } from "../statistics";

type Pace = { rounds: number; rows: number };
export const PACE = {
  quick: { rounds: 2, rows: 20_000 },
  full: { rounds: 5, rows: 40_000 },
} satisfies Record<string, Pace>;

/** How fast usage reaches PostgreSQL: journal, rows and rollups, against nothing but the rows. */
export async function measureRows({ folder, environment }: Rig, { rounds, rows }: Pace): Promise<Figure[]> {
  const program = join(import.meta.dirname, "../.build/record-rows.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: {
      ...PLAIN_ENVIRONMENT,
      DATABASE_URL: environment.databaseUrl,
      FOLDER: folder,
      ROWS: String(rows),
      ROUNDS: String(rounds),
    },
  });
  const measured = JSON.parse(stdout) as RecordedRounds;
  const { recorder, bare, missing, cpuUsPerRow } = measured;
  const typical = (values: number[]) => Math.round(spreadOf(values).median);
  return [
    {
      name: "usage rows/s against bare batches of 1,000",
      value: spreadOf(recorder.map((rate, round) => rate / (bare[round] ?? Number.NaN))),
      unit: "×",
      detail: `${typical(recorder)}/s with journal and rollups (${cpuUsPerRow.toFixed(0)} µs of Node's CPU a row) against ${typical(bare)}/s`,
      goal: null,
    },
    {
      name: "usage rows missing afterwards",
      value: spreadOf([missing]),
      unit: "rows",
      detail: "",
      goal: { better: "less", least: 0, aim: 0 },
    },
  ];
}
