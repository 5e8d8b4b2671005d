import type { Figure } from "../figures";
import type { Rig } from "../rig";
import { spreadOf } from "../statistics";

const SLOTS = 2_000;
const EVERY_MS = 1_000;
const MEGABYTE = 1024 * 1024;

type Pace = { rampMs: number; heldMs: number };
export const PACE = {
  quick: { rampMs: 4_000, heldMs: 4_000 },
  full: { rampMs: 5_000, heldMs: 20_000 },
} satisfies Record<string, Pace>;

/** 2,000 slow streams held open at once, through a gateway process that has done nothing before. */
export async function measureOpenStreams(rig: Rig, { rampMs, heldMs }: Pace): Promise<Figure[]> {
  const fresh = await rig.podpass();
  const events = Math.ceil((rampMs + heldMs) / EVERY_MS);
  const result = await rig.run(
    { kind: "streams", target: fresh.target, slots: SLOTS, events, everyMs: EVERY_MS, rampMs, durationMs: heldMs },
    "2,000 open streams",
  );
  await fresh.stop();
  const each = (result.rssMost - result.rssBefore) / SLOTS / 1024;
  return [
    {
      name: `${SLOTS} open streams, errors`,
      value: spreadOf([result.errors]),
      unit: "errors",
      detail: `${result.answered} came whole`,
      goal: { better: "less", least: 0, aim: 0 },
    },
    {
      name: `${SLOTS} open streams, memory of the gateway`,
      value: spreadOf([result.rssMost / MEGABYTE]),
      unit: "MB",
      detail: `${(result.rssBefore / MEGABYTE).toFixed(0)} MB before; ${each.toFixed(0)} kB a stream`,
      goal: { better: "less", least: 400, aim: 250 },
    },
  ];
}
