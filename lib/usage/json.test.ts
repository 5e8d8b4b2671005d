import { expect, test } from "vitest";
import { jsonOf } from "./json";

async function textOf(pieces: AsyncIterable<string>) {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

test("rows come out as one array, with the columns in order and what is missing as null", async () => {
  const rows = [{ b: 'a "quote"', a: 1, extra: 2 }, { a: new Date(0) }];
  expect(await textOf(jsonOf(["a", "b"], rows))).toBe(
    '[\n{"a":1,"b":"a \\"quote\\""},\n{"a":"1970-01-01T00:00:00.000Z","b":null}\n]\n',
  );
  expect(JSON.parse(await textOf(jsonOf(["a"], [])))).toEqual([]);
});

test("many rows leave in pieces, and together are whole", async () => {
  const pieces: string[] = [];
  const rows = (function* () {
    for (let at = 0; at < 20_000; at += 1) yield { at };
  })();
  for await (const piece of jsonOf(["at"], rows)) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(5);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(40_000);
  expect(JSON.parse(pieces.join(""))).toHaveLength(20_000);
});
