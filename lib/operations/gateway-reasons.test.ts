import { expect, test } from "vitest";
import { gatewayReasons } from "./gateway-reasons";

test("a gateway that hears from its database and trusts its clock has nothing to say", () => {
  expect(gatewayReasons({ sinceAnswerMs: 5_999, isTimeTrusted: true })).toEqual([]);
});

test.each([
  ["has heard nothing for over six seconds", { sinceAnswerMs: 6_001, isTimeTrusted: true }],
  ["has never heard anything", { sinceAnswerMs: Number.POSITIVE_INFINITY, isTimeTrusted: false }],
  ["does not know the time", { sinceAnswerMs: 10, isTimeTrusted: false }],
])("one that %s says so once", (_, state) => {
  expect(gatewayReasons(state)).toHaveLength(1);
});
