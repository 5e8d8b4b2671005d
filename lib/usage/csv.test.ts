import { expect, test } from "vitest";
import { csvLine, csvOf } from "./csv";

test.each([
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", `"'\t=1"`],
  ["\r=1", `"'\r=1"`],
  ["laptop;=cmd", `"'laptop;=cmd"`],
])("%j can't become a formula", (cell, written) => {
  expect(csvLine([cell])).toBe(`${written}\r\n`);
});

test("separators, quotes and line ends are quoted after RFC 4180", () => {
  expect(csvLine(["a,b", 'say "hi"', "two\r\nlines", "plain"])).toBe('"a,b","say ""hi""","two\r\nlines",plain\r\n');
});

test("numbers keep their sign, times are UTC, nothing is empty", () => {
  expect(csvLine([-5, 0, null, undefined, true, new Date("2026-11-22T05:45:00+05:45")])).toBe(
    "-5,0,,,true,2026-11-22T00:00:00.000Z\r\n",
  );
});

test("a long export comes in pieces that add up to the whole", async () => {
  const rows = Array.from({ length: 5_000 }, (_, n) => ({ n, name: `row ${n}` }));
  const pieces: string[] = [];
  for await (const piece of csvOf(["n", "name"], rows)) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.join("").split("\r\n")).toHaveLength(5_002);
  expect(pieces.join("").startsWith("n,name\r\n0,row 0\r\n")).toBe(true);
});
