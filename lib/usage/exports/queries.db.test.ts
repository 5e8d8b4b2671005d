import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { randomEvent } from "@/test/usage/random-event";
import { addMember, addPod } from "@/test/usage/team";
import { closePostgres, postgres } from "../../postgres";
import { csvOf } from "../csv";
import type { UsageEvent } from "../event";
import { writeEvents } from "../mutations";
import { EXPORT_COLUMNS, type ExportAsk, exportRows } from "./queries";

afterAll(closePostgres);

const when = Date.parse("2026-09-01T18:10:00Z"); // five minutes before midnight in Kathmandu
const write = (...events: UsageEvent[]) => writeEvents(postgres(), randomUUID(), events);

async function collect(...[actor, ask]: Parameters<typeof exportRows>) {
  const rows = [];
  for await (const row of exportRows(actor, ask)) rows.push(row);
  return rows;
}

async function twoKeysOfUse() {
  const member = await addMember(postgres());
  const podId = await addPod(postgres());
  const common = { memberId: member.id, podId, promptTokens: 10, cachedTokens: 2, completionTokens: 5 };
  const events = [
    randomEvent({ ...common, atMs: when, keyId: member.keyIds[0], model: "a" }),
    randomEvent({ ...common, atMs: when + 10 * 60_000, keyId: member.keyIds[0], model: "b", outcome: "rejected" }),
    randomEvent({ ...common, atMs: when + 20 * 60_000, keyId: member.keyIds[1], model: "b", outcome: "timeout" }),
  ];
  await write(...events);
  const ask = (by: ExportAsk["by"]): ExportAsk => ({
    by,
    from: new Date(when - 86_400_000),
    to: new Date(when + 86_400_000),
    timeZone: "Asia/Kathmandu",
  });
  return { member, events, ask };
}

test("by key there is one row a key, with every outcome among its requests", async () => {
  const { member, ask } = await twoKeysOfUse();
  const rows = await collect(member.actor, ask("key"));
  const sums = { promptTokens: 10, cachedTokens: 2, completionTokens: 5 };
  const expected = [
    {
      keyId: member.keyIds[0],
      keyName: "laptop",
      requests: 2,
      completed: 1,
      rejected: 1,
      promptTokens: 20,
      completionTokens: 10,
    },
    { keyId: member.keyIds[1], keyName: "server", requests: 1, timeout: 1, ...sums },
  ].sort((a, b) => ((a.keyId ?? "") < (b.keyId ?? "") ? -1 : 1));
  expect(rows).toMatchObject(expected);
  expect(Object.keys(rows[0] ?? {})).toEqual(EXPORT_COLUMNS.key);
});

test("by request every row and field is there, oldest first", async () => {
  const { member, events, ask } = await twoKeysOfUse();
  const rows = await collect(member.actor, ask("request"));
  expect(rows.map(({ requestId }) => requestId)).toEqual(events.map(({ requestId }) => requestId));
  expect(Object.keys(rows[0] ?? {})).toEqual(EXPORT_COLUMNS.request);
  expect(rows[0]).toMatchObject({
    member: member.email,
    keyName: "laptop",
    at: new Date(when),
    durationMs: events[0]?.durationMs,
  });
});

test.each([
  ["model", ["a", "b"], [1, 2]],
  ["day", [new Date("2026-08-31T18:15:00Z"), new Date("2026-09-01T18:15:00Z")], [1, 2]],
  ["hour", [new Date("2026-09-01T17:15:00Z"), new Date("2026-09-01T18:15:00Z")], [1, 2]],
] as const)("by %s the sums are cut by the zone's clock", async (by, heads, requests) => {
  const { member, ask } = await twoKeysOfUse();
  const rows = await collect(member.actor, ask(by));
  expect(rows.map((row) => row[by === "model" ? "model" : "at"])).toEqual(heads);
  expect(rows.map((row) => row.requests)).toEqual(requests);
  expect(Object.keys(rows[0] ?? {})).toEqual(EXPORT_COLUMNS[by]);
});

test("more requests than a page holds come out whole and in order", async () => {
  const member = await addMember(postgres());
  const events = Array.from({ length: 12_000 }, (_, n) =>
    randomEvent({ atMs: when + Math.floor(n / 7), memberId: member.id }),
  );
  for (let start = 0; start < events.length; start += 1_000) await write(...events.slice(start, start + 1_000));
  const ask = { by: "request", from: new Date(when), to: new Date(when + 86_400_000) } as const;
  let text = "";
  for await (const piece of csvOf(EXPORT_COLUMNS.request, exportRows(member.actor, ask))) text += piece;
  const ids = text
    .split("\r\n")
    .slice(1, -1)
    .map((line) => line.slice(0, 36));
  expect(ids).toEqual(events.map(({ requestId }) => requestId).sort());
});
