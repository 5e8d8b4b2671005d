import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConstantRateJob, ConstantRateResult, RateOfTarget, Target } from "../protocol";
import { Answers, now, open, plainRequest } from "./http-client";

const LAST_ANSWERS_MS = 10_000;
const CONNECTIONS_AT_FIRST = 8;

/**
 * Sends on time, whether earlier requests were answered or not: a stall then shows in every request that meets it.
 * Targets take turns request by request, so whatever else the machine does meets all of them alike.
 */
export async function constantRate(job: ConstantRateJob): Promise<ConstantRateResult> {
  const senders = await Promise.all(job.targets.map(createSender));
  const periodMs = 1_000 / (job.perSecond * senders.length);
  const total = Math.round((job.warmMs + job.durationMs) / periodMs);
  const warm = Math.round(job.warmMs / periodMs);
  const latenessMs: number[] = [];
  const startedAt = now();
  for (let sent = 0; sent < total; ) {
    const lateMs = now() - (startedAt + sent * periodMs);
    if (lateMs < 0) {
      await sleep(1);
      continue;
    }
    if (sent >= warm) latenessMs.push(lateMs);
    senders[sent % senders.length]?.send(sent >= warm);
    sent += 1;
  }
  return { targets: await Promise.all(senders.map((sender) => sender.finish())), latenessMs };
}

async function createSender(target: Target) {
  const request = plainRequest(target);
  const idle: Socket[] = [];
  const asked = new Map<Socket, (isGood: boolean) => void>();
  const result: RateOfTarget = { answered: 0, errors: 0, latenciesMs: [] };
  let waiting = 0;

  async function add(): Promise<Socket> {
    const socket = await open(target);
    const answers = new Answers();
    socket.on("data", (chunk: Buffer) => {
      const answer = answers.take(chunk);
      if (answer !== "more") asked.get(socket)?.(answer === "good");
    });
    socket.once("close", () => asked.get(socket)?.(false));
    return socket;
  }

  idle.push(...(await Promise.all(Array.from({ length: CONNECTIONS_AT_FIRST }, add))));

  async function ask(isCounted: boolean) {
    const startedAt = now();
    waiting += 1;
    try {
      const socket = idle.pop() ?? (await add());
      const isGood = await new Promise<boolean>((resolve) => {
        asked.set(socket, (good) => {
          if (good && isCounted) result.latenciesMs.push(now() - startedAt);
          resolve(good);
        });
        socket.write(request);
      });
      asked.delete(socket);
      if (isGood) result.answered += 1;
      else result.errors += 1;
      if (!socket.destroyed) idle.push(socket);
    } catch {
      result.errors += 1;
    } finally {
      waiting -= 1;
    }
  }

  return {
    send: (isCounted: boolean) => void ask(isCounted),
    async finish() {
      const deadline = now() + LAST_ANSWERS_MS;
      while (waiting > 0 && now() < deadline) await sleep(10);
      for (const socket of idle) socket.end();
      return result;
    },
  };
}
