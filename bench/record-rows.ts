// `node record-rows.mjs`: rows a second from the recorder into PostgreSQL, and beside it the same rows by bare batches. Prints JSON.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { BATCH, BATCH_PARAMETERS, columnsOf } from "@/lib/usage/columns";
import type { UsageEvent } from "@/lib/usage/event";
import { createRecorder } from "@/lib/usage/recorder";
import { newRequestId, timeOf } from "@/lib/usage/request-id";

/** What is printed, round by round. */
export type RecordedRounds = { recorder: number[]; bare: number[]; missing: number; cpuUsPerRow: number };

const ROWS = Number(process.env.ROWS);
const ROUNDS = Number(process.env.ROUNDS);
const TICK_ROWS = 100;
const BATCH_ROWS = 1_000;
/** As far as events may wait in memory; beyond, the recorder would read its own journal back. */
const MOST_WAITING = 15_000;

const databaseUrl = process.env.DATABASE_URL ?? "";
const [keyId, secretId, memberId, podId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const quiet = { error: () => undefined, warn: () => undefined, info: () => undefined };

function openEvent(): UsageEvent {
  const requestId = newRequestId(Date.now());
  return {
    ...{ requestId, atMs: timeOf(requestId), keyId, secretId, memberId, podId, model: "bench-model" },
    ...{ route: "/v1/chat/completions", streamed: true, status: null, outcome: "open", tokenSource: "unknown" },
    ...{ promptTokens: 0, cachedTokens: 0, completionTokens: 0, queueMs: null, ttftMs: null, durationMs: null },
    errorCode: null,
  };
}

function finalOf(event: UsageEvent): UsageEvent {
  const measured = { outcome: "completed", tokenSource: "measured", status: 200 } as const;
  return { ...event, ...measured, promptTokens: 12, completionTokens: 34, ttftMs: 21, durationMs: 700 };
}

/** Each request an open and a final line in the journal, then a row and its share of the rollups. */
async function throughRecorder(): Promise<number> {
  const journalDir = join(process.env.FOLDER ?? ".", randomUUID());
  const recorder = createRecorder({ journalDir, databaseUrl, log: quiet as never });
  const startedAt = performance.now();
  for (let sent = 0; sent < ROWS; sent += TICK_ROWS) {
    const events = Array.from({ length: TICK_ROWS }, openEvent);
    await Promise.all(events.map((event) => recorder.open(event)));
    for (const event of events) recorder.final(finalOf(event));
    while (recorder.stats().waiting > MOST_WAITING) await sleep(1);
  }
  await recorder.flush();
  const perSecond = (ROWS * 1_000) / (performance.now() - startedAt);
  await recorder.close();
  return perSecond;
}

/** The yardstick: the same columns and indexes, one `INSERT … SELECT FROM unnest` a batch, no journal and no rollups. */
async function inBareBatches(database: pg.Client): Promise<number> {
  const columns = "request_id, at, key_id, secret_id, member_id, route";
  const text = `INSERT INTO bench_rows (${columns}, pod_id, model, streamed, status, outcome, token_source, prompt_tokens, cached_tokens, completion_tokens, queue_ms, ttft_ms, duration_ms, error_code, replica_id)
    SELECT ${columns}, pod_id, model, streamed, status, outcome, token_source, prompt_tokens, cached_tokens, completion_tokens, queue_ms, ttft_ms, duration_ms, error_code, $${BATCH_PARAMETERS + 1}::uuid FROM (${BATCH}) AS incoming`;
  const startedAt = performance.now();
  for (let sent = 0; sent < ROWS; sent += BATCH_ROWS) {
    const events = Array.from({ length: BATCH_ROWS }, () => finalOf(openEvent()));
    await database.query({ name: "bare", text, values: [...columnsOf(events), podId] });
  }
  return (ROWS * 1_000) / (performance.now() - startedAt);
}

async function main(): Promise<RecordedRounds> {
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  await database.query("CREATE TABLE IF NOT EXISTS bench_rows (LIKE usage_events INCLUDING ALL)");
  const recorder: number[] = [];
  const bare: number[] = [];
  let cpuUs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    await database.query("TRUNCATE bench_rows");
    bare.push(await inBareBatches(database));
    const before = process.cpuUsage();
    recorder.push(await throughRecorder());
    const { user, system } = process.cpuUsage(before);
    cpuUs += user + system;
  }
  const { rows } = await database.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM usage_events WHERE key_id = $1 AND outcome = 'completed' AND completion_tokens = 34",
    [keyId],
  );
  await database.query("DROP TABLE bench_rows");
  await database.end();
  return { recorder, bare, missing: ROWS * ROUNDS - (rows[0]?.count ?? 0), cpuUsPerRow: cpuUs / (ROWS * ROUNDS) };
}

main().then(
  (rounds) => process.stdout.write(JSON.stringify(rounds), () => process.exit(0)),
  (error: unknown) => process.stderr.write(`${error instanceof Error ? error.stack : error}\n`, () => process.exit(1)),
);
