import { expect, test } from "vitest";
import { readView } from "./view";

const now = new Date("2026-11-22T18:05:00Z");
const ada = { isAdmin: true, zone: "Europe/Berlin", now };
const katherine = { isAdmin: false, zone: "Asia/Kathmandu", now };

test("an empty address shows 30 days of tokens, today being the last", () => {
  const view = readView({}, ada);
  expect(view).toMatchObject({ rangeName: "30d", bucket: "day", metric: "tokens", groupBy: "member", compare: true });
  expect(view.from).toEqual(new Date("2026-10-23T22:00:00Z")); // midnight of 24 October, in summer time
  expect(view.to).toEqual(now);
});

test("the period before has as many days, and its clock stands where today's does", () => {
  const { before } = readView({}, ada);
  expect(before.from).toEqual(new Date("2026-09-23T22:00:00Z"));
  expect(before.to).toEqual(new Date("2026-10-23T17:05:00Z"));
});

test("a range of hours is never widened", () => {
  const view = readView({ range: "6h" }, katherine);
  expect(view).toMatchObject({ from: new Date("2026-11-22T12:05:00Z"), to: now, bucket: "quarter" });
  expect(view.before).toEqual({ from: new Date("2026-11-22T06:05:00Z"), to: view.from });
});

test("money is shared out by the hour, so no bar is shorter, and none is told apart by outcome", () => {
  expect(readView({ range: "6h", metric: "cost" }, ada)).toMatchObject({ metric: "cost", bucket: "hour" });
  expect(readView({ range: "1h", metric: "cost" }, ada).bucket).toBe("hour");
  expect(readView({ metric: "cost" }, ada).bucket).toBe("day");
  expect(readView({ range: "1h", metric: "cost", by: "outcome" }, ada)).toMatchObject({
    metric: "requests",
    bucket: "minute",
  });
});

test("days of a custom range begin at the zone's midnight, also off the whole hour", () => {
  const view = readView({ range: "custom", from: "2026-11-01", to: "2026-11-02" }, katherine);
  expect(view.from).toEqual(new Date("2026-10-31T18:15:00Z"));
  expect(view.to).toEqual(new Date("2026-11-02T18:15:00Z"));
  expect(view.days).toEqual({ first: "2026-11-01", last: "2026-11-02" });
});

test("a day of 25 hours is taken whole", () => {
  const { from, to } = readView({ range: "custom", from: "2026-10-25", to: "2026-10-25" }, ada);
  expect(to.getTime() - from.getTime()).toBe(25 * 3_600_000);
});

test.each([{ from: "2026-11-05", to: "2026-11-01" }, { from: "nonsense", to: "2026-11-01" }, {}])(
  "a custom range that makes no sense is the default: %o",
  (days) => {
    expect(readView({ range: "custom", ...days }, ada).days).toEqual({ first: "2026-10-24", last: "2026-11-22" });
  },
);

test("a member sees neither others' names nor others' filters", () => {
  expect(readView({ by: "member", member: "someone" }, katherine)).toMatchObject({
    groupBy: "key",
    filters: { memberIds: [] },
  });
});

test("tokens can't be told apart by outcome, so requests are shown", () => {
  expect(readView({ by: "outcome", metric: "tokens" }, ada).metric).toBe("requests");
});

test("a year is cut into weeks, and UTC is one switch away", () => {
  expect(readView({ range: "1y", tz: "UTC" }, ada)).toMatchObject({ bucket: "week", zone: "UTC" });
});
