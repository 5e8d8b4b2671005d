import { expect, test } from "vitest";
import { readAddress, zoneIn } from "./address";

test("what is empty, doubled or nonsense counts as not given", () => {
  const { text, all, moment, oneOf } = readAddress({ a: "", b: ["1", "2", ""], c: "soon", d: "2026-11-01T00:00:00Z" });
  expect([text("a"), text("b"), text("none")]).toEqual([undefined, undefined, undefined]);
  expect([all("a"), all("b"), all("c")]).toEqual([[], ["1", "2"], ["soon"]]);
  expect([moment("c"), moment("d")]).toEqual([undefined, new Date("2026-11-01T00:00:00Z")]);
  expect([oneOf("c", ["now", "soon"]), oneOf("c", ["now"])]).toEqual(["soon", undefined]);
});

test("only a zone that is offered is taken", () => {
  const zones = ["Asia/Kathmandu", "UTC"];
  expect(zoneIn({ tz: "UTC" }, zones)).toBe("UTC");
  expect(zoneIn({ tz: "Europe/Berlin" }, zones)).toBe("Asia/Kathmandu");
  expect(zoneIn({}, zones)).toBe("Asia/Kathmandu");
});
