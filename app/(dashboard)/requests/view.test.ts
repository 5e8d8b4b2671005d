import { expect, test } from "vitest";
import { readRequestsView } from "./view";

const now = new Date("2026-11-22T18:05:00Z");
const member = { isAdmin: false, now };

test("an empty address shows the last 24 hours, live", () => {
  const view = readRequestsView({}, member);
  expect(view).toMatchObject({ span: "24h", outcome: null, id: null, cursor: null, live: true });
  expect(view.from).toEqual(new Date("2026-11-21T18:05:00Z"));
});

test("a chart's bar asks for its own stretch", () => {
  const view = readRequestsView({ from: "2026-11-22T10:00:00Z", to: "2026-11-22T11:00:00Z" }, member);
  expect(view).toMatchObject({
    span: null,
    from: new Date("2026-11-22T10:00:00Z"),
    to: new Date("2026-11-22T11:00:00Z"),
  });
});

test("nonsense is ignored, and others' requests are for admins", () => {
  const view = readRequestsView({ range: "12 parsecs", from: "soon", outcome: "great", member: "somebody" }, member);
  expect(view).toMatchObject({ span: "24h", outcome: null, memberIds: [] });
});
