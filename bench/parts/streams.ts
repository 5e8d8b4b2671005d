import type { Figure } from "../figures";
import type { Peer } from "../peers/peer";
import type { StreamsResult } from "../protocol";
import type { Rig } from "../rig";
import { quantile, spreadOf } from "../statistics";

const SLOTS = 200;
const EVERY_MS = 20;

type Pace = { rounds: number; events: number; durationMs: number };
export const PACE = {
  quick: { rounds: 2, events: 75, durationMs: 2_000 },
  full: { rounds: 5, events: 150, durationMs: 5_000 },
} satisfies Record<string, Pace>;

/** 200 streams of 50 events a second each, directly and through Podpass and its peers in turn. */
export async function measureStreams(rig: Rig, podpass: Peer, peers: readonly Peer[], pace: Pace): Promise<Figure[]> {
  const all = [rig.direct, podpass, ...peers];
  const measure = (peer: Peer, events: number, durationMs: number) =>
    rig.run(
      {
        ...{ kind: "streams", target: peer.target, slots: SLOTS, events, everyMs: EVERY_MS, durationMs },
        rampMs: Math.min(events * EVERY_MS, 2_000),
      },
      peer.keepsRows ? `200 streams of 50 events/s: ${peer.name}` : undefined,
    );

  for (const peer of all) await measure(peer, 25, 500);
  const rounds: Map<Peer, StreamsResult>[] = [];
  for (let round = 0; round < pace.rounds; round += 1) {
    const results = new Map<Peer, StreamsResult>();
    for (const peer of all) results.set(peer, await measure(peer, pace.events, pace.durationMs));
    rounds.push(results);
  }

  const per = (of: (peer: (which: Peer) => StreamsResult) => number) =>
    spreadOf(
      rounds.map((results) =>
        of((which) => {
          const result = results.get(which);
          if (result === undefined) throw new Error(`${which.name} was not measured`);
          return result;
        }),
      ),
    );
  const cpuEach = ({ cpuMs, inWindow }: StreamsResult) => cpuMs / inWindow;
  const microseconds = (peer: Peer) => (per((of) => cpuEach(of(peer))).median * 1_000).toFixed(1);
  const p99 = (values: readonly number[]) => quantile(values, 0.99);
  const errors = per((of) => of(podpass).errors);

  return [
    ...peers.map(
      (peer): Figure => ({
        name: `CPU per streamed event against ${peer.name}`,
        value: per((of) => cpuEach(of(podpass)) / cpuEach(of(peer))),
        unit: "×",
        detail: `${microseconds(podpass)} µs against ${microseconds(peer)} µs`,
        goal: peer.name.startsWith("nginx") ? { better: "less", least: 2.5, aim: 1.8 } : null,
      }),
    ),
    {
      name: "added time to first event, p99",
      value: per((of) => p99(of(podpass).firstEventMs) - p99(of(rig.direct).firstEventMs)),
      unit: "ms",
      detail: `direct ${per((of) => p99(of(rig.direct).firstEventMs)).median.toFixed(1)} ms; ${errors.most} broken streams`,
      goal: { better: "less", least: 25, aim: 10 },
    },
    {
      name: "gap between events, p99",
      value: per((of) => p99(of(podpass).gapsMs)),
      unit: "ms",
      detail: `events leave the pod every 20 ms; direct ${per((of) => p99(of(rig.direct).gapsMs)).median.toFixed(1)} ms`,
      goal: null,
    },
    {
      name: "added delay of an event, median",
      value: per((of) => quantile(of(podpass).delaysMs, 0.5) - quantile(of(rig.direct).delaysMs, 0.5)),
      unit: "ms",
      detail: "from the pod's write to the client's read",
      goal: null,
    },
  ];
}
