import { setTimeout as sleep } from "node:timers/promises";
import { cpuMsOf, rssOf } from "../proc";
import type { StreamsJob, StreamsResult } from "../protocol";
import { open, streamRequest } from "./http-client";
import { OneStream, type Watcher } from "./one-stream";

const LAST_STREAMS_MS = 30_000;
const MEMORY_EVERY_MS = 250;

/** Many streams at once; the first of each place begins within `rampMs`, so that they don't beat in step. */
export async function streams({
  target,
  slots,
  events,
  everyMs,
  rampMs,
  durationMs,
}: StreamsJob): Promise<StreamsResult> {
  const request = streamRequest(target, events, everyMs);
  const result: StreamsResult = {
    answered: 0,
    errors: 0,
    inWindow: 0,
    cpuMs: 0,
    firstEventMs: [],
    delaysMs: [],
    gapsMs: [],
    rssBefore: rssOf(target.pids),
    rssMost: 0,
  };
  let isMeasuring = false;
  let isOver = false;

  const watcher: Watcher = {
    onFirstEvent(afterMs) {
      if (isMeasuring) result.firstEventMs.push(afterMs);
    },
    onToken(delayMs, gapMs) {
      if (!isMeasuring) return;
      result.delaysMs.push(delayMs);
      if (gapMs !== null) result.gapsMs.push(gapMs);
    },
  };

  async function place(index: number) {
    await sleep((rampMs * index) / slots);
    const socket = await open(target);
    let isWhole = true;
    while (isWhole && !isOver) {
      isWhole = await new OneStream(events, watcher).over(socket, request);
      if (isWhole) result.answered += 1;
      else result.errors += 1;
    }
    socket.end();
  }

  const sampling = setInterval(() => {
    result.rssMost = Math.max(result.rssMost, rssOf(target.pids));
  }, MEMORY_EVERY_MS);
  const places = Array.from({ length: slots }, (_, index) =>
    place(index).catch(() => {
      result.errors += 1;
    }),
  );
  await sleep(rampMs);
  const cpuMsBefore = cpuMsOf(target.pids);
  isMeasuring = true;
  await sleep(durationMs);
  isMeasuring = false;
  result.cpuMs = cpuMsOf(target.pids) - cpuMsBefore;
  result.inWindow = result.delaysMs.length;
  isOver = true;
  await Promise.race([Promise.all(places), sleep(LAST_STREAMS_MS)]);
  clearInterval(sampling);
  return result;
}
