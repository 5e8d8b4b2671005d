// `node admit-calls.mjs`: what letting a call in and settling it costs with the limits kept in the process. Prints JSON.
import { createAdmit, type Permit } from "@/lib/limits/admit";
import { createLedger } from "@/lib/limits/ledger";
import { liveFacts } from "@/test/fixtures/caller-facts";

/** Microseconds of each call, from its being asked to its permit or its refusal, and of settling one. */
export type AdmissionTimes = { p50: number; p99: number; mean: number; settleMean: number; refused: number };

const CALLS = 200_000;
const KEYS = 200;
const IN_FLIGHT = 64;

const limits = { rpm: 60_000, tpm: 50_000_000, concurrency: 1_000, monthlyTokens: 1e12, monthlyMicroUsd: 1e12 };
const callers = Array.from({ length: KEYS }, (_, index) =>
  liveFacts({ keyId: `key ${index}`, memberId: `member ${index % 20}` as never, limits, memberLimits: limits }),
);
const now = () => performance.now();
const admit = createAdmit({
  store: createLedger(now),
  roleLimits: () => limits,
  spentOf: async () => ({ tokens: 0, microUsd: 0, microUsdPerToken: 0.5 }),
  now,
  wall: Date.now,
});

async function main() {
  for (const caller of callers) (await admit(`first ${caller.keyId}`, caller, 500)).giveBack();
  const times: number[] = [];
  const running: Permit[] = [];
  let settling = 0n;
  let refused = 0;
  for (let call = 0; call < 2 * CALLS; call += 1) {
    const caller = callers[call % KEYS];
    if (caller === undefined) break;
    const from = process.hrtime.bigint();
    try {
      const permit = admit(`call ${call}`, caller, 500);
      // Looking at what others have used is never in a call's way.
      if (permit instanceof Promise) throw new Error("a call had to wait");
      running.push(permit);
    } catch (error) {
      if (!(error instanceof Error) || !("headers" in error)) throw error;
      refused += 1;
    }
    // The first half warms up.
    if (call >= CALLS) times.push(Number(process.hrtime.bigint() - from) / 1_000);
    if (running.length < IN_FLIGHT) continue;
    const at = process.hrtime.bigint();
    running.shift()?.settle({ minuteTokens: 280, monthTokens: 280, microUsd: 140 });
    if (call >= CALLS) settling += process.hrtime.bigint() - at;
  }
  times.sort((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const figures: AdmissionTimes = {
    p50: times[Math.floor(times.length * 0.5)] ?? Number.NaN,
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    mean,
    settleMean: Number(settling) / 1_000 / CALLS,
    refused,
  };
  process.stdout.write(JSON.stringify(figures));
}

await main();
