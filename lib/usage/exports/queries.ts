import type { Actor } from "../../auth/member";
import { postgres } from "../../postgres";
import { bucketStart } from "../buckets";
import { summedDays } from "../days/queries";
import { sumsOf, wantedFor } from "../measures";
import { listRequests, type RequestRow } from "../requests/queries";
import { Bindings, partsOf, type RequestFilters } from "../scope";
import { knownTimeZone } from "../time-zone";

export const EXPORTS = ["request", "key", "member", "model", "hour", "day"] as const;
export type ExportBy = (typeof EXPORTS)[number];

/** A row of an export: its fields in the order of `EXPORT_COLUMNS`. */
export type ExportRow = Record<string, string | number | boolean | Date | null>;

export type ExportAsk = {
  by: ExportBy;
  from: Date;
  to: Date;
  /** IANA name by whose clock hours and days begin; UTC if left out. */
  timeZone?: string | undefined;
  /** `outcomes` narrows only the export by request. */
  filters?: Omit<RequestFilters, "from" | "to"> | undefined;
};

const COUNTS = [
  "requests",
  "completed",
  "clientClosed",
  "upstreamError",
  "timeout",
  "rejected",
  "lost",
  "promptTokens",
  "cachedTokens",
  "completionTokens",
] as const;

/** The columns of each export, in order. */
export const EXPORT_COLUMNS: Readonly<Record<ExportBy, readonly string[]>> = {
  request: [
    "requestId",
    "at",
    "keyId",
    "keyName",
    "member",
    "pod",
    "model",
    "route",
    "streamed",
    "status",
    "outcome",
    "tokenSource",
    "promptTokens",
    "cachedTokens",
    "completionTokens",
    "queueMs",
    "ttftMs",
    "durationMs",
    "errorCode",
  ],
  key: ["keyId", "keyName", "member", ...COUNTS, "gpuMicroUsd"],
  member: ["memberId", "member", "memberName", ...COUNTS, "gpuMicroUsd"],
  model: ["model", ...COUNTS, "gpuMicroUsd"],
  hour: ["at", ...COUNTS, "gpuMicroUsd", "idleMicroUsd"],
  day: ["at", ...COUNTS, "gpuMicroUsd", "idleMicroUsd"],
};

/** Few enough that pages asked for meanwhile are not held up, and that they are gone before memory is tidied up in earnest. */
const PAGE = 1_000;

/** Everything of a range, row by row and oldest first, in memory for one page at a time. Requests still open are rows too. */
export async function* exportRows(actor: Actor, ask: ExportAsk): AsyncGenerator<ExportRow> {
  const rows = ask.by === "request" ? requestRows(actor, ask) : await summedRows(actor, ask);
  yield* rows;
}

async function* requestRows(actor: Actor, { from, to, filters }: ExportAsk): AsyncGenerator<ExportRow> {
  let cursor: string | null = null;
  do {
    const page: { rows: RequestRow[]; next: string | null } = await listRequests(
      actor,
      { ...filters, from, to },
      cursor,
      PAGE,
      "oldest",
    );
    for (const row of page.rows) yield exported(row);
    cursor = page.next;
  } while (cursor !== null);
}

function exported(row: RequestRow): ExportRow {
  return {
    requestId: row.requestId,
    at: row.at,
    keyId: row.keyId,
    keyName: row.keyName,
    member: row.memberEmail,
    pod: row.podName,
    model: row.model,
    route: row.route,
    streamed: row.streamed,
    status: row.status,
    outcome: row.outcome,
    tokenSource: row.tokenSource,
    promptTokens: row.promptTokens,
    cachedTokens: row.cachedTokens,
    completionTokens: row.completionTokens,
    queueMs: row.queueMs,
    ttftMs: row.ttftMs,
    durationMs: row.durationMs,
    errorCode: row.errorCode,
  };
}

/** What a summed export groups by, and the names it adds. */
const BY: Record<Exclude<ExportBy, "request">, { group: (zone: string) => string; names: string; join: string }> = {
  key: {
    group: () => "key_id",
    names: `sums.id::text AS "keyId", coalesce(k.name, '') AS "keyName", coalesce(u.email, '') AS member`,
    join: "LEFT JOIN api_keys k ON k.id = sums.id LEFT JOIN users u ON u.id = k.member_id",
  },
  member: {
    group: () => "member_id",
    names: `sums.id::text AS "memberId", coalesce(u.email, '') AS member, coalesce(u.name, '') AS "memberName"`,
    join: "LEFT JOIN users u ON u.id = sums.id",
  },
  model: { group: () => "model", names: "nullif(sums.id, '') AS model", join: "" },
  hour: { group: (zone) => bucketStart("hour", "at", zone), names: "sums.id AS at", join: "" },
  day: { group: (zone) => bucketStart("day", "at", zone), names: "sums.id AS at", join: "" },
};

async function summedRows(actor: Actor, ask: ExportAsk): Promise<ExportRow[]> {
  if (ask.by === "request") return [];
  const { group, names, join } = BY[ask.by];
  const parameters = new Bindings();
  const needsZone = ask.by === "hour" || ask.by === "day";
  const zone = knownTimeZone(needsZone ? (ask.timeZone ?? "UTC") : "UTC");
  const days = ask.by === "hour" ? { zone, spans: [] } : await summedDays(zone, ask);
  const sums = [...COUNTS, "gpuMicroUsd" as const, ...(needsZone ? ["idleMicroUsd" as const] : [])];
  const parts = partsOf(actor, ask, ask.filters, parameters, days, wantedFor(sums, !needsZone));
  const id = group(needsZone ? parameters.add(zone, "text") : "");
  const { rows } = await postgres().query<ExportRow>(
    `WITH sums AS (SELECT ${id} AS id, ${sumsOf(sums)} FROM (${parts}) AS parts GROUP BY 1)
     SELECT ${names}, ${sums.map((name) => `"${name}"`).join(", ")} FROM sums ${join} ORDER BY 1`,
    parameters.values,
  );
  return rows;
}
