import type { Figure } from "../figures";
import type { Peer } from "../peers/peer";
import type { ClosedLoopResult } from "../protocol";
import type { Rig } from "../rig";
import { spreadOf } from "../statistics";

const CONNECTIONS = 32;

type Pace = { rounds: number; warmMs: number; durationMs: number };
export const PACE = {
  quick: { rounds: 3, warmMs: 1_500, durationMs: 1_000 },
  full: { rounds: 7, warmMs: 4_000, durationMs: 3_000 },
} satisfies Record<string, Pace>;

/** Whole answers, as many as fit: Podpass against each peer, and the rig against itself. Peers take turns, round by round. */
export async function measurePlain(rig: Rig, podpass: Peer, peers: readonly Peer[], pace: Pace): Promise<Figure[]> {
  const all = [rig.direct, podpass, ...peers];
  const measure = (peer: Peer, warmMs: number, durationMs: number) =>
    rig.run(
      { kind: "closed-loop", target: peer.target, connections: CONNECTIONS, warmMs, durationMs },
      peer.keepsRows ? `whole answers, flat out: ${peer.name}` : undefined,
    );

  for (const peer of all) await measure(peer, pace.warmMs, 200);
  const rounds: Map<Peer, ClosedLoopResult>[] = [];
  for (let round = 0; round < pace.rounds; round += 1) {
    const results = new Map<Peer, ClosedLoopResult>();
    for (const peer of all) results.set(peer, await measure(peer, 300, pace.durationMs));
    rounds.push(results);
  }

  const ratios = (of: (result: ClosedLoopResult) => number, one: Peer, other: Peer) =>
    spreadOf(
      rounds.map((results) => {
        const [top, bottom] = [results.get(one), results.get(other)];
        return top && bottom ? of(top) / of(bottom) : Number.NaN;
      }),
    );
  const perSecond = ({ perSecond }: ClosedLoopResult) => perSecond;
  const cpuEach = ({ cpuMs, inWindow }: ClosedLoopResult) => cpuMs / inWindow;
  const typical = (peer: Peer) => {
    const values = rounds.map((results) => results.get(peer)).filter((result) => result !== undefined);
    const rate = spreadOf(values.map(perSecond)).median;
    const cpu = spreadOf(values.map(cpuEach)).median * 1_000;
    return `${Math.round(rate)}/s, ${cpu.toFixed(0)} µs CPU`;
  };
  const errors = [...rounds.flatMap((results) => [...results.values()])].reduce(
    (sum, result) => sum + result.errors,
    0,
  );

  const directRates = rounds.map((results) => results.get(rig.direct)?.perSecond ?? Number.NaN);

  return [
    {
      name: "noise: direct requests/s, best round against worst",
      value: spreadOf([Math.max(...directRates) / Math.min(...directRates)]),
      unit: "×",
      detail: "1 on a quiet machine",
      goal: null,
    },
    {
      name: "rig: requests/s, direct against Podpass",
      value: ratios(perSecond, rig.direct, podpass),
      unit: "×",
      detail: `direct ${typical(rig.direct)}; ${errors} errors in all`,
      goal: { better: "more", least: 3, aim: 3 },
    },
    ...peers.flatMap((peer): Figure[] => [
      {
        name: `requests/s against ${peer.name}`,
        value: ratios(perSecond, podpass, peer),
        unit: "×",
        detail: `${typical(podpass)} against ${typical(peer)} each`,
        goal: goalAgainst(peer.name),
      },
      {
        name: `CPU per request against ${peer.name}`,
        value: ratios(cpuEach, podpass, peer),
        unit: "×",
        detail: "the gateway's process alone",
        goal: null,
      },
    ]),
  ];
}

function goalAgainst(name: string): Figure["goal"] {
  if (name.startsWith("nginx")) return { better: "more", least: 0.3, aim: 0.5 };
  if (name.startsWith("Portkey")) return { better: "more", least: 8, aim: 12 };
  return null;
}
