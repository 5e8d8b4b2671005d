import { setTimeout as sleep } from "node:timers/promises";
import { cpuMsOf } from "../proc";
import type { ClosedLoopJob, ClosedLoopResult } from "../protocol";
import { Answers, now, open, plainRequest } from "./http-client";

const LAST_ANSWERS_MS = 10_000;

/** Keeps every connection busy with one request at a time, and counts. */
export async function closedLoop({
  target,
  connections,
  warmMs,
  durationMs,
}: ClosedLoopJob): Promise<ClosedLoopResult> {
  const request = plainRequest(target);
  let answered = 0;
  let errors = 0;
  let isOver = false;

  async function one() {
    const socket = await open(target);
    await new Promise<void>((resolve) => {
      const answers = new Answers();
      socket.on("data", (chunk: Buffer) => {
        const answer = answers.take(chunk);
        if (answer === "more") return;
        if (answer === "good") answered += 1;
        else errors += 1;
        if (isOver) socket.end();
        else socket.write(request);
      });
      socket.once("close", () => {
        if (!isOver) errors += 1;
        resolve();
      });
      socket.write(request);
    });
  }

  const all = Promise.all(Array.from({ length: connections }, one));
  await sleep(warmMs);
  const from = { at: now(), answered, cpuMs: cpuMsOf(target.pids) };
  await sleep(durationMs);
  const inWindow = answered - from.answered;
  const seconds = (now() - from.at) / 1_000;
  const cpuMs = cpuMsOf(target.pids) - from.cpuMs;
  isOver = true;
  await Promise.race([all, sleep(LAST_ANSWERS_MS)]);
  return { answered, errors, perSecond: inWindow / seconds, inWindow, cpuMs };
}
