import { expect, test } from "vitest";
import { Heartbeat } from "./heartbeat";

test("a stream that says something needs no heartbeat; one that is quiet gets one for each such time", () => {
  const heartbeat = new Heartbeat();
  const asked = [
    [0, 0],
    [0, 900],
    [0, 1_000],
    [0, 1_900],
    [0, 2_000],
    [80, 3_900],
    [80, 4_800],
    [80, 4_900],
  ] as const;
  const due = asked.filter(([bytes, now]) => heartbeat.isDue(bytes, now, 1_000)).map(([, now]) => now);
  expect(due).toEqual([1_000, 2_000, 4_900]);
});
