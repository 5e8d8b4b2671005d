import { expect, test } from "vitest";
import { readActivityView } from "./view";

test("an empty address shows everything", () => {
  expect(readActivityView({}, "UTC")).toEqual({
    memberId: undefined,
    action: undefined,
    days: { first: "", last: "" },
    from: undefined,
    to: undefined,
    cursor: undefined,
  });
});

test("days are the viewer's own, and the last counts whole, also when the clocks change", () => {
  const view = readActivityView({ from: "2026-10-25", to: "2026-10-25" }, "Europe/Berlin");
  expect(view.from).toEqual(new Date("2026-10-24T22:00:00Z"));
  expect(view.to).toEqual(new Date("2026-10-25T23:00:00Z"));
});

test("nonsense is left out", () => {
  const view = readActivityView({ from: "soon", to: "2026-02-99", action: ["a", "b"], member: "" }, "UTC");
  expect(view).toMatchObject({ days: { first: "", last: "" }, from: undefined, to: undefined, action: undefined });
});
