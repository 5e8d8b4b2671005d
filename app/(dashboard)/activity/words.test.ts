import { expect, test } from "vitest";
import { actionWords, changesOf, filterName } from "./words";

test("a changed role is told in the words of the page", () => {
  expect(changesOf({ before: { role: "MEMBER" }, after: { role: "ADMIN" } }, "UTC")).toEqual([
    { field: "role", before: "Member", after: "Admin" },
  ]);
});

test("of a policy only what differs is told, each limit on its own", () => {
  const limits = (rpm: number | null) => ({ roleLimits: { MEMBER: { rpm, tpm: 1_000 } }, maxKeyDays: 90 });
  expect(changesOf({ before: limits(null), after: limits(60) }, "UTC")).toEqual([
    { field: "requests a minute, Member", before: "none", after: "60" },
  ]);
});

test("money is in dollars, grace in hours, ids are left out", () => {
  const after = {
    monthlyMicroUsd: 20_000_000,
    graceMs: 86_400_000,
    secretId: "x",
    expiresAt: "2026-11-29T20:13:00.000Z",
  };
  expect(changesOf({ before: null, after }, "Asia/Kathmandu").map(({ field, after }) => `${field}: ${after}`)).toEqual([
    "GPU dollars a month: $20.00",
    "grace: 24 h",
    "ends: 30 Nov 2026, 01:58",
  ]);
});

test("an action of a later version still reads", () => {
  expect(actionWords("pod.move_house")).toBe("pod: move house");
  expect(filterName("key")).toBe("Keys");
  expect(filterName("member.role")).toBe("Changed the role");
});
