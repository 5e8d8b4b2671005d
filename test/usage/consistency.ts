import type pg from "pg";
import type { Outcome } from "@/lib/usage/event";
import { type Bin, binOf } from "@/lib/usage/histogram";

type Rolled = {
  requests: number;
  outcomes: Partial<Record<Outcome, number>>;
  estimated: number;
  unknown: number;
  tokens: [prompt: number, cached: number, completion: number];
  ttft: Bin[];
  duration: Bin[];
};
type EventRow = {
  group: string;
  outcome: Outcome;
  token_source: string;
  tokens: string[];
  ttft_ms: number | null;
  duration_ms: number | null;
};
type RollupRow = {
  group: string;
  tokens: string[];
  ttft: string[];
  duration: string[];
  estimated: number;
  unknown: number;
} & Record<Outcome, number>;

const OUTCOMES = ["completed", "client_closed", "upstream_error", "timeout", "rejected", "lost"] as const;

/** What the rollups of a member say, and what adding up its ended events by hand gives: the two must be equal. */
export async function rollupsAndEvents(database: Pick<pg.Pool, "query">, memberId: string) {
  const events = await database.query<EventRow>(
    `SELECT concat_ws(' ', date_bin('15 minutes', at, timestamptz 'epoch'), key_id, coalesce(pod_id::text, '00000000-0000-0000-0000-000000000000'), coalesce(model, '')) AS group,
       outcome, token_source, ARRAY[prompt_tokens, cached_tokens, completion_tokens]::text[] AS tokens, ttft_ms, duration_ms
     FROM usage_events WHERE member_id = $1 AND outcome <> 'open'`,
    [memberId],
  );
  const rollups = await database.query<RollupRow>(
    `SELECT *, concat_ws(' ', bucket_at, key_id, pod_id, model) AS group, ttft::text[] AS ttft, duration::text[] AS duration,
       ARRAY[prompt_tokens, cached_tokens, completion_tokens]::text[] AS tokens
     FROM usage_rollups WHERE member_id = $1`,
    [memberId],
  );
  const added = new Map<string, Rolled>();
  for (const event of events.rows) {
    const sum = added.get(event.group) ?? nothing();
    sum.requests += 1;
    sum.outcomes[event.outcome] = (sum.outcomes[event.outcome] ?? 0) + 1;
    if (event.token_source === "estimated") sum.estimated += 1;
    if (event.token_source === "unknown") sum.unknown += 1;
    event.tokens.forEach((tokens, index) => {
      sum.tokens[index] = (sum.tokens[index] ?? 0) + Number(tokens);
    });
    count(sum.ttft, event.ttft_ms);
    count(sum.duration, event.duration_ms);
    added.set(event.group, sum);
  }
  const read = rollups.rows.map((row): [string, Rolled] => [
    row.group,
    {
      requests: OUTCOMES.reduce((sum, outcome) => sum + row[outcome], 0),
      outcomes: Object.fromEntries(
        OUTCOMES.filter((outcome) => row[outcome] !== 0).map((outcome) => [outcome, row[outcome]]),
      ),
      estimated: row.estimated,
      unknown: row.unknown,
      tokens: row.tokens.map(Number) as Rolled["tokens"],
      ttft: binsOf(row.ttft),
      duration: binsOf(row.duration),
    },
  ]);
  // A group whose only request moved elsewhere stays behind as a row of zeros.
  return { rollups: sorted(read.filter(([, sum]) => sum.requests > 0)), events: sorted([...added]) };
}

function nothing(): Rolled {
  return { requests: 0, outcomes: {}, estimated: 0, unknown: 0, tokens: [0, 0, 0], ttft: [], duration: [] };
}

function count(bins: Bin[], ms: number | null) {
  if (ms === null) return;
  const own = bins.find(({ bin }) => bin === binOf(ms));
  if (own === undefined) bins.push({ bin: binOf(ms), count: 1 });
  else own.count += 1;
  bins.sort((a, b) => a.bin - b.bin);
}

function binsOf(entries: string[]): Bin[] {
  return entries.map((entry) => ({ bin: Number(BigInt(entry) >> 32n), count: Number(BigInt(entry) & 0xffffffffn) }));
}

function sorted(groups: [string, Rolled][]) {
  return groups.sort(([a], [b]) => (a < b ? -1 : 1));
}
