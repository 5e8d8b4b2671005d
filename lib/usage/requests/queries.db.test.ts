import { randomInt, randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openingOf, progressOf, randomEvent } from "@/test/usage/random-event";
import { sumUpWithin } from "@/test/usage/sum-up";
import { addMember, addPod, type TestMember } from "@/test/usage/team";
import { closePostgres, postgres } from "../../postgres";
import type { UsageEvent } from "../event";
import { writeEvents } from "../mutations";
import { getRequest, listRequests, newestMark, type RequestPage } from "./queries";

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

describe("any filters together", () => {
  const MODELS = ["a", "b", null] as const;
  const ENDS = ["completed", "timeout", "lost", "rejected"] as const;
  let people: TestMember[];
  let pods: string[];
  let events: UsageEvent[];

  beforeAll(async () => {
    people = await Promise.all([addMember(postgres()), addMember(postgres())]);
    pods = [await addPod(postgres()), await addPod(postgres())];
    const from = Date.parse("2026-10-01T21:00:00Z");
    events = Array.from({ length: 400 }, () => {
      const owner = people[randomInt(2)] ?? people[0];
      return randomEvent({
        atMs: from + randomInt(5 * 86_400) * 1_000,
        memberId: owner?.id,
        keyId: owner?.keyIds[randomInt(2)],
        podId: randomInt(9) === 0 ? null : pods[randomInt(2)],
        model: MODELS[randomInt(3)],
        outcome: ENDS[randomInt(20)] ?? "completed",
      });
    });
    const running = Array.from({ length: 10 }, (_, n) =>
      openingOf({ ...randomEvent({ atMs: from + n * 40_000_000 }), ...dimensionsOf(events[n * 30]) }),
    );
    await write(...events, ...running);
    events.push(...running);
    // Some of the days are summed up, some are not.
    const days = { from: new Date("2026-10-03T00:00:00Z"), to: new Date("2026-10-05T00:00:00Z") };
    await sumUpWithin(postgres(), ["UTC"], days);
  }, 60_000);

  test("page after page, either way round, hold what the events themselves say", async () => {
    const some = <T>(values: readonly T[]) => fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });
    const moment = fc
      .integer({ min: 0, max: 6 * 86_400_000 })
      .map((ms) => new Date(Date.parse("2026-10-01T20:00:00Z") + ms));
    const wanted = fc.record({
      who: fc.constantFrom("first", "second", "admin"),
      keys: fc.option(fc.subarray([0, 1, 2, 3], { minLength: 1 }), { nil: undefined }),
      pods: fc.option(fc.subarray([0, 1], { minLength: 1 }), { nil: undefined }),
      models: some(["a", "b", "nothing"]),
      outcomes: some<UsageEvent["outcome"]>(["open", ...ENDS]),
      from: fc.option(moment, { nil: undefined }),
      to: fc.option(moment, { nil: undefined }),
      size: fc.integer({ min: 15, max: 90 }),
      order: fc.constantFrom("newest", "oldest"),
    });
    await fc.assert(
      fc.asyncProperty(wanted, async ({ who, keys, pods: at, size, order, ...rest }) => {
        const viewer = { first: people[0], second: people[1], admin: undefined }[who];
        const actor = viewer?.actor ?? (await admin()).actor;
        const keyIds = keys?.map((index) => people[index >> 1]?.keyIds[index & 1] ?? "");
        const filters = {
          ...rest,
          keyIds: keyIds ?? people.flatMap((person) => person.keyIds),
          podIds: at?.map((index) => pods[index] ?? ""),
        };
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page: RequestPage = await listRequests(actor, filters, cursor, size, order);
          seen.push(...page.rows.map(({ requestId }) => requestId));
          cursor = page.next;
          if (cursor !== null) expect(page.rows).toHaveLength(size);
        } while (cursor !== null);
        const expected = events
          .filter((event) => viewer === undefined || event.memberId === viewer.id)
          .filter((event) => filters.keyIds.includes(event.keyId))
          .filter((event) => filters.podIds?.includes(event.podId ?? "") ?? true)
          .filter((event) => rest.models?.includes(event.model ?? "") ?? true)
          .filter((event) => rest.outcomes?.includes(event.outcome) ?? true)
          .filter((event) => !rest.from || event.atMs >= rest.from.getTime())
          .filter((event) => !rest.to || event.atMs < rest.to.getTime())
          .map(({ requestId }) => requestId)
          .sort();
        expect(seen).toEqual(order === "oldest" ? expected : expected.reverse());
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  function dimensionsOf(event: UsageEvent | undefined) {
    if (event === undefined) return {};
    const { memberId, keyId, podId, model } = event;
    return { memberId, keyId, podId, model };
  }

  let someAdmin: TestMember | undefined;
  async function admin() {
    someAdmin ??= await addMember(postgres(), "ADMIN");
    return someAdmin;
  }
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
