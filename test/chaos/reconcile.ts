import { readStream, type Sight } from "./caller";
import type { Entry } from "./hostile-pod";

export type Row = {
  request_id: string;
  outcome: string;
  status: number | null;
  token_source: string;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  pod_id: string | null;
  /** Unix ms, the database's clock, which is this machine's. */
  at_ms: number;
};

type Accounts = {
  rows: readonly Row[];
  ledger: ReadonlyMap<string, Entry>;
  sights: readonly Sight[];
  /** Unix ms at which the gateway was killed. */
  killedAt: readonly number[];
};

/** Whatever a pod said is through by then, on a busy machine too. */
const SETTLED_MS = 1_200;
/** The longest that a caller of these stays, on a machine that stands still meanwhile too. */
const LONGEST_MS = 15_000;

/** Everything in which the rows, the pod's own ledger and what callers saw contradict one another, in words. */
export function contradictions({ rows, ledger, sights, killedAt }: Accounts): string[] {
  const found: string[] = [];
  const byId = new Map(rows.map((row) => [row.request_id, row]));
  const seen = new Map(sights.flatMap((sight) => (sight.id === null ? [] : [[sight.id, sight] as const])));
  if (byId.size !== rows.length) found.push("a request has two rows");

  for (const row of rows) {
    const say = (words: string) =>
      found.push(
        `${row.request_id}: ${words}; row ${JSON.stringify(row)}; pod ${JSON.stringify(ledger.get(row.request_id))}`,
      );
    const wasKilled = killedAt.some((at) => at > row.at_ms - 1_000 && at < row.at_ms + LONGEST_MS);
    if (row.outcome === "open") say("is open for ever");
    if (row.outcome === "lost" && !wasKilled) say("is lost, and nobody was killed");
    const entry = ledger.get(row.request_id);
    if (entry !== undefined) checkTokens(row, entry, seen.get(row.request_id), say);
    else if (row.completion_tokens !== 0) say("has tokens that no pod made");
    else if (row.outcome === "completed") say("is completed without a pod");
  }

  for (const id of ledger.keys()) if (!byId.has(id)) found.push(`${id}: the pod worked for it, and there is no row`);
  for (const sight of sights) checkSight(sight, sight.id === null ? undefined : byId.get(sight.id), ledger, found);
  return found;
}

function checkTokens(row: Row, entry: Entry, sight: Sight | undefined, say: (words: string) => void) {
  const last = entry.told.at(-1) ?? 0;
  const isExact = row.token_source === "measured";
  if (isExact && row.outcome !== "rejected" && row.prompt_tokens !== entry.prompt && entry.told.length > 1) {
    if (row.prompt_tokens !== 0 || row.completion_tokens !== 0) say("has another prompt than the pod was sent");
  }
  // Numbers that were never told are never written down.
  if (!entry.told.includes(row.completion_tokens)) say("has tokens that were never told");

  switch (row.outcome) {
    case "completed":
      if (!entry.isDone || entry.status !== 200) say("is completed although the pod did not complete it");
      if (entry.fate === "odd usage") return isExact ? say("passes an odd number for a measured one") : undefined;
      if (row.completion_tokens !== last || !isExact) say(`should have ${last} measured tokens`);
      if (row.cached_tokens !== entry.cached) say(`should have ${entry.cached} cached tokens`);
      return;
    case "upstream_error":
    case "rejected":
    case "timeout":
      if (entry.isDone && entry.status === 200 && entry.fate !== "odd usage")
        say("failed although the pod did not fail");
      if (entry.isStreamed && entry.status === 200 && row.completion_tokens !== last) say(`should have ${last} tokens`);
      return;
    case "client_closed": {
      const least = sight === undefined ? 0 : tokensIn(sight);
      if (row.completion_tokens < least) say(`has fewer tokens than the ${least} its caller got`);
      const silentMs = (sight?.leftAt ?? 0) - (entry.silentAt ?? Number.POSITIVE_INFINITY);
      if (silentMs > SETTLED_MS && row.completion_tokens !== last) say(`should have all ${last} tokens`);
      return;
    }
    case "lost":
      if (isExact && row.completion_tokens > 0) say("passes a guess for measured");
  }
}

function tokensIn({ isStreamed, body }: Sight) {
  const last = isStreamed ? readStream(body).texts.at(-1) : undefined;
  return Number(/^ <(\d+)>/.exec(last ?? "")?.[1] ?? 0);
}

function checkSight(sight: Sight, row: Row | undefined, ledger: ReadonlyMap<string, Entry>, found: string[]) {
  if (sight.id === null || sight.status === null) return;
  const entry = ledger.get(sight.id);
  const say = (words: string) =>
    found.push(
      `${sight.id}: ${words}; seen ${JSON.stringify({ ...sight, body: sight.body.slice(-300) })}; pod ${JSON.stringify(entry)}`,
    );
  if (sight.status === 401) say("a living key was refused");
  if (sight.status !== 200) return;
  if (row === undefined) return say("was answered, and has no row");
  if (entry === undefined) return say("was answered by nobody");
  if (!sight.isStreamed) {
    if (sight.isWhole && !entry.isDone) say("a torn answer was passed for a whole one");
    if (sight.isWhole && row.outcome !== "completed" && row.outcome !== "lost")
      say(`was answered whole, and is ${row.outcome}`);
    return;
  }
  const { texts, errors, usages, isDone } = readStream(sight.body);
  if (texts.some((text, index) => text !== entry.texts[index])) say("its text is not the pod's");
  if (usages > 0) say("got usage that was not asked for");
  if (isDone && !entry.isDone) say("got the end mark of an answer that has no end");
  if (isDone && texts.length !== entry.texts.length) say("got the end mark and not all of the text");
  if (isDone && row.outcome !== "completed" && row.outcome !== "lost") say(`got the end mark, and is ${row.outcome}`);
  if (sight.isWhole && !isDone && errors === 0) say("ended without the end mark and without an error");
}
