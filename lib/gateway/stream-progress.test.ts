import { afterEach, expect, test } from "vitest";
import type { UsageEvent } from "@/lib/usage/event";
import { randomEvent } from "@/test/usage/random-event";
import type { LiveCall } from "./live-calls";
import { keepProgress } from "./stream-progress";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function callWith(startedAt: number, soFar: () => UsageEvent | null) {
  return { startedAt, soFar } as LiveCall;
}

/** Looked at by hand: its own timer never comes round. */
function watching(calls: LiveCall[]) {
  const clock = { at: 0 };
  const writes: (readonly UsageEvent[])[] = [];
  const { look, stop } = keepProgress({
    calls: () => calls,
    write: (events) => writes.push(events),
    everyMs: 5_000,
    now: () => clock.at,
  });
  stops.push(stop);
  const at = async (ms: number) => {
    clock.at = ms;
    await look();
    return writes.splice(0);
  };
  return { at };
}

test("a stream is written down when it is five seconds old, and every five seconds from then on", async () => {
  const event = randomEvent();
  const { at } = watching([callWith(1_000, () => event)]);
  expect(await at(5_900)).toEqual([]);
  expect(await at(6_100)).toEqual([[event]]);
  expect(await at(11_000)).toEqual([]);
  expect(await at(11_100)).toEqual([[event]]);
});

test("what has no number yet is left out", async () => {
  const unknown = randomEvent({ promptTokens: 0, completionTokens: 0 });
  const { at } = watching([callWith(0, () => null), callWith(0, () => unknown)]);
  expect(await at(60_000)).toEqual([]);
});

test("many streams are looked at a hundred at a time, so that none waits for all of them", async () => {
  const { at } = watching(Array.from({ length: 250 }, () => callWith(0, () => randomEvent())));
  const writes = await at(5_000);
  expect(writes.map((events) => events.length)).toEqual([100, 100, 50]);
});
