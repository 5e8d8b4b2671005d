import type { Figure } from "../figures";
import type { Peer } from "../peers/peer";
import type { ConstantRateJob } from "../protocol";
import type { Rig } from "../rig";
import { quantile, type Spread, spreadOf } from "../statistics";

const PER_SECOND = 200;

type Pace = { rounds: number; durationMs: number };
export const PACE = {
  quick: { rounds: 2, durationMs: 3_000 },
  full: { rounds: 5, durationMs: 6_000 },
} satisfies Record<string, Pace>;

/** What a request takes longer through a gateway than without, at a rate that leaves it idle most of the time. */
export async function measureLatency(rig: Rig, podpass: Peer, peers: readonly Peer[], pace: Pace): Promise<Figure[]> {
  const added = new Map<Peer, { p50: number[]; p99: number[]; direct: number[]; late: number[] }>();
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const peer of [podpass, ...peers]) {
      const job: ConstantRateJob = {
        kind: "constant-rate",
        targets: [rig.direct.target, peer.target],
        perSecond: PER_SECOND,
        warmMs: 1_000,
        durationMs: pace.durationMs,
      };
      const { targets, latenessMs } = await rig.run(job, peer.keepsRows ? `200 requests/s: ${peer.name}` : undefined);
      const [direct = [], through = []] = targets.map(({ latenciesMs }) => latenciesMs);
      const seen = added.get(peer) ?? { p50: [], p99: [], direct: [], late: [] };
      seen.p50.push(quantile(through, 0.5) - quantile(direct, 0.5));
      seen.p99.push(quantile(through, 0.99) - quantile(direct, 0.99));
      seen.direct.push(quantile(direct, 0.99));
      seen.late.push(quantile(latenessMs, 0.99));
      added.set(peer, seen);
    }
  }
  return [...added].flatMap(([peer, { p50, p99, direct, late }]): Figure[] => {
    const isOurs = peer === podpass;
    const figure = (name: string, value: Spread, goal: Figure["goal"], detail: string): Figure => ({
      name: `added latency at ${PER_SECOND} requests/s, ${name}${isOurs ? "" : `: ${peer.name}`}`,
      value,
      unit: "ms",
      detail,
      goal: isOurs ? goal : null,
    });
    const typical = (values: number[]) => spreadOf(values).median.toFixed(2);
    return [
      figure("p50", spreadOf(p50), { better: "less", least: 0.6, aim: 0.25 }, "direct requests in between, one by one"),
      figure(
        "p99",
        spreadOf(p99),
        { better: "less", least: 5, aim: 1 },
        `direct p99 ${typical(direct)} ms; the load sent ${typical(late)} ms late at its p99`,
      ),
    ];
  });
}
