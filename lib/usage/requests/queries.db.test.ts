import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { openingOf, progressOf, randomEvent } from "@/test/usage/random-event";
import { addMember, addPod } from "@/test/usage/team";
import { closePostgres, postgres } from "../../postgres";
import type { UsageEvent } from "../event";
import { writeEvents } from "../mutations";
import { getRequest, listRequests, newestMark } from "./queries";

afterAll(closePostgres);

const write = (...events: UsageEvent[]) => writeEvents(postgres(), randomUUID(), events);
const when = Date.parse("2026-08-01T10:00:00Z");

test("page after page shows every request once, newest first, also those of one millisecond", async () => {
  const member = await addMember(postgres());
  const events = Array.from({ length: 57 }, (_, n) =>
    randomEvent({ atMs: when + Math.floor(n / 10), memberId: member.id }),
  );
  await write(...events);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await listRequests(member.actor, {}, cursor, 10);
    expect(page.rows.length).toBeLessThanOrEqual(10);
    seen.push(...page.rows.map((row) => row.requestId));
    cursor = page.next;
  } while (cursor !== null);
  expect(seen).toEqual(
    events
      .map(({ requestId }) => requestId)
      .sort()
      .reverse(),
  );
});

test("a row names its key, member and pod", async () => {
  const member = await addMember(postgres());
  const podId = await addPod(postgres(), "the pod");
  const event = randomEvent({ atMs: when, memberId: member.id, keyId: member.keyIds[0], podId });
  await write(event);
  const row = await getRequest(member.actor, ` ${event.requestId.toUpperCase()} `);
  const { atMs, ...facts } = event;
  expect(row).toMatchObject({ ...facts, at: new Date(atMs), keyName: "laptop", memberEmail: member.email });
  expect(row?.podName).toMatch(/^the pod/);
});

test("somebody else's request looks like one that does not exist", async () => {
  const [ada, bob, admin] = [
    await addMember(postgres()),
    await addMember(postgres()),
    await addMember(postgres(), "ADMIN"),
  ];
  const event = randomEvent({ atMs: when, memberId: ada.id });
  await write(event);
  expect(await getRequest(bob.actor, event.requestId)).toBeNull();
  expect((await listRequests(bob.actor, { memberIds: [ada.id] })).rows).toEqual([]);
  expect((await getRequest(admin.actor, event.requestId))?.requestId).toBe(event.requestId);
  expect(await getRequest(admin.actor, "no id at all")).toBeNull();
});

test("filters by outcome, model and time meet; running requests are listed too", async () => {
  const member = await addMember(postgres());
  const timedOut = randomEvent({ atMs: when, memberId: member.id, outcome: "timeout", model: "a" });
  const running = openingOf(randomEvent({ atMs: when + 1_000, memberId: member.id, model: "b" }));
  await write(timedOut, running, randomEvent({ atMs: when, memberId: member.id, model: "b" }));
  const ids = async (filters: Parameters<typeof listRequests>[1]) =>
    (await listRequests(member.actor, filters)).rows.map(({ requestId }) => requestId);
  expect(await ids({ outcomes: ["timeout", "lost"] })).toEqual([timedOut.requestId]);
  expect(await ids({ outcomes: ["open"] })).toEqual([running.requestId]);
  expect(await ids({ models: ["b"], from: new Date(when + 1) })).toEqual([running.requestId]);
  expect(await ids({ to: new Date(when) })).toEqual([]);
});

test("a cursor that is none is refused", async () => {
  const { actor } = await addMember(postgres());
  await expect(listRequests(actor, {}, "0 OR 1=1")).rejects.toMatchObject({ code: "invalid_request" });
});

test("the mark changes with each request of one's own that begins, goes on or ends, and with nobody else's", async () => {
  const [own, other] = [await addMember(postgres()), await addMember(postgres())];
  const atMs = Date.parse("2026-08-20T10:00:00Z");
  const ended = randomEvent({
    atMs,
    memberId: own.id,
    keyId: own.keyIds[0],
    outcome: "completed",
    completionTokens: 9,
  });
  const marks = [await newestMark(own.actor)];
  for (const event of [openingOf(ended), progressOf(ended, 5_000, 4), ended]) {
    await write(event);
    marks.push(await newestMark(own.actor));
  }
  expect(new Set(marks).size).toBe(4);
  await write(randomEvent({ atMs, memberId: other.id, keyId: other.keyIds[0] }));
  expect(await newestMark(own.actor)).toBe(marks.at(-1));
  expect(await newestMark({ ...own.actor, role: "ADMIN" })).not.toBe(marks.at(-1));
});
