import { type Actor, isAdmin } from "../../auth/member";
import { AppError } from "../../errors";
import { postgres } from "../../postgres";
import { OUTCOMES, type UsageEvent } from "../event";
import { quartersWith } from "../quarters/queries";
import { isRequestId, timeOf } from "../request-id";
import { Bindings, conditionsOf, isId, type RequestFilters } from "../scope";

/** One request as the log and exports show it. `at` is the time inside its id. */
export type RequestRow = Omit<UsageEvent, "atMs"> & {
  at: Date;
  keyName: string;
  memberName: string;
  memberEmail: string;
  podName: string | null;
  /** The secret that was used, by its hint. */
  secretHint: string;
};

export type RequestPage = {
  rows: RequestRow[];
  /** Hand it in to read on; null at the end. */
  next: string | null;
};

const DAY_MS = 86_400_000;

const SELECT = `SELECT e.request_id AS "requestId", e.at, e.key_id AS "keyId", e.secret_id AS "secretId", e.member_id AS "memberId",
    e.pod_id AS "podId", e.model, e.route, e.streamed, e.status, e.outcome, e.token_source AS "tokenSource",
    e.prompt_tokens AS "promptTokens", e.cached_tokens AS "cachedTokens", e.completion_tokens AS "completionTokens",
    e.queue_ms AS "queueMs", e.ttft_ms AS "ttftMs", e.duration_ms AS "durationMs", e.error_code AS "errorCode",
    coalesce(k.name, '') AS "keyName", coalesce(u.name, '') AS "memberName", coalesce(u.email, '') AS "memberEmail",
    p.name AS "podName", coalesce(s.hint, '') AS "secretHint"`;
const NAMES = `LEFT JOIN api_keys k ON k.id = e.key_id LEFT JOIN users u ON u.id = e.member_id
    LEFT JOIN pods p ON p.id = e.pod_id LEFT JOIN api_key_secrets s ON s.id = e.secret_id`;

/** The request log: newest first, or oldest first for exports. A cursor is the last id of the page before. */
export async function listRequests(
  actor: Actor,
  filters: RequestFilters,
  cursor: string | null = null,
  limit = 50,
  order: "newest" | "oldest" = "newest",
): Promise<RequestPage> {
  if (cursor !== null && !isRequestId(cursor)) {
    throw new AppError("invalid_request", "There is no such page.", { param: "cursor" });
  }
  const parameters = new Bindings();
  const conditions = conditionsOf(actor, filters, parameters);
  if (filters.secretIds?.length) {
    conditions.push(`secret_id = ANY(${parameters.add(filters.secretIds.filter(isId), "uuid[]")})`);
  }
  if (filters.from) conditions.push(`at >= ${parameters.add(filters.from, "timestamptz")}`);
  if (filters.to) conditions.push(`at < ${parameters.add(filters.to, "timestamptz")}`);
  if (filters.outcomes?.length) conditions.push(`outcome = ANY(${parameters.add([...filters.outcomes], "text[]")})`);
  if (cursor !== null) {
    const last = `(${parameters.add(new Date(timeOf(cursor)), "timestamptz")}, ${parameters.add(cursor, "uuid")})`;
    conditions.push(`(at, request_id) ${order === "newest" ? "<" : ">"} ${last}`);
  }
  const matches = `SELECT * FROM usage_events WHERE ${conditions.join(" AND ") || "true"}`;
  const quarters = isServedByIndex(actor, filters)
    ? null
    : await quartersWith(actor, { filters, ...searchOf(filters, cursor, order), order, atLeast: limit + 1 });
  const direction = order === "newest" ? "DESC" : "ASC";
  const most = parameters.add(limit + 1, "int");
  const first = `ORDER BY at ${direction}, request_id ${direction} LIMIT ${most}`;
  const found = quarters === null ? `${matches} ${first}` : `${withinQuarters(matches, quarters, parameters)} ${first}`;
  const { rows } = await postgres().query<RequestRow>(
    `${SELECT} FROM (${found}) AS e ${NAMES} ORDER BY e.at ${direction}, e.request_id ${direction}`,
    parameters.values,
  );
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.requestId ?? null) : null };
}

const ENDED = OUTCOMES.filter((outcome) => outcome !== "open");

/**
 * Whether one index leads to the rows in their order: of everything, or of one key, one member, one model or some outcomes.
 * Any two of these may have nothing in common, and an index would be read to its end to learn that.
 */
function isServedByIndex(actor: Actor, { keyIds, memberIds, podIds, models, outcomes, secretIds }: RequestFilters) {
  const isAboutRunning = outcomes?.length && outcomes.every((outcome) => outcome === "open");
  if (secretIds?.length || isAboutRunning) return true;
  const lists = [keyIds, memberIds, models, isAdmin(actor) ? [] : [actor.memberId]];
  const wanted = lists.reduce((sum, list) => sum + (list?.length ?? 0), outcomes?.length ? 1 : 0);
  return wanted <= 1 && !podIds?.length;
}

/** From when to when ended requests are looked for, and which. Further than the clocks of any two machines lie apart. */
function searchOf({ from, to, outcomes }: RequestFilters, cursor: string | null, order: "newest" | "oldest") {
  const range = { from: from ?? new Date(0), to: to ?? new Date(Date.now() + DAY_MS) };
  if (cursor !== null) {
    const at = timeOf(cursor);
    if (order === "newest") range.to = new Date(Math.min(at + 1, range.to.getTime()));
    else range.from = new Date(Math.max(at, range.from.getTime()));
  }
  const wanted = ENDED.filter((outcome) => !outcomes?.length || outcomes.includes(outcome));
  return { range, outcomes: wanted };
}

/** The ended requests of some quarters of an hour, and those that still run, which are few and have an index of their own. */
function withinQuarters(matches: string, quarters: readonly Date[], parameters: Bindings) {
  // OFFSET 0 has each quarter looked up by itself: joined freely, all that ever matched would be read first.
  return `SELECT found.* FROM unnest(${parameters.add(quarters, "timestamptz[]")}) AS quarter(starts_at) CROSS JOIN LATERAL (
      ${matches} AND outcome <> 'open' AND at >= quarter.starts_at AND at < quarter.starts_at + interval '15 minutes'
      OFFSET 0) AS found
    UNION ALL (${matches} AND outcome = 'open')`;
}

/** As many as a page of the log has. */
const MARKED = 50;

/** A word for how the actor's newest requests stand: another one means that there is something new to show. */
export async function newestMark(actor: Actor): Promise<string> {
  const parameters = new Bindings();
  const conditions = conditionsOf(actor, {}, parameters);
  const { rows } = await postgres().query<{ mark: string }>(
    `SELECT coalesce(md5(string_agg(concat(request_id, outcome, completion_tokens), ' ')), '') AS mark
     FROM (SELECT request_id, outcome, completion_tokens FROM usage_events WHERE ${conditions.join(" AND ") || "true"}
       ORDER BY at DESC, request_id DESC LIMIT ${MARKED}) AS newest`,
    parameters.values,
  );
  return rows[0]?.mark ?? "";
}

/** One request by the id its client got; null where there is none, or it is not the actor's. */
export async function getRequest(actor: Actor, requestId: string): Promise<RequestRow | null> {
  const id = requestId.trim().toLowerCase();
  if (!isRequestId(id)) return null;
  const parameters = new Bindings();
  const conditions = conditionsOf(actor, {}, parameters);
  conditions.push(
    `at = ${parameters.add(new Date(timeOf(id)), "timestamptz")}`,
    `request_id = ${parameters.add(id, "uuid")}`,
  );
  const { rows } = await postgres().query<RequestRow>(
    `${SELECT} FROM (SELECT * FROM usage_events WHERE ${conditions.join(" AND ")}) AS e ${NAMES}`,
    parameters.values,
  );
  return rows[0] ?? null;
}
