import { expect, test } from "vitest";
import { cutAt, fitOf } from "./fuzzy";

const best = (typed: string, names: string[]) =>
  names
    .map((name) => ({ name, fit: fitOf(typed, name) }))
    .filter(({ fit }) => fit !== null)
    .sort((a, b) => (b.fit?.score ?? 0) - (a.fit?.score ?? 0))
    .map(({ name }) => name);

test("a name that begins with what is typed comes first, then a word, then what lies inside, then letters", () => {
  expect(best("key", ["Monkey business", "New key", "Keys", "Kettle energy yard"])).toEqual([
    "Keys",
    "New key",
    "Monkey business",
    "Kettle energy yard",
  ]);
});

test("every word has to be found, in any order", () => {
  expect(best("lap rot", ["Rotate laptop", "Rotate nightly", "laptop"])).toEqual(["Rotate laptop"]);
});

test("letters count from the start of a word on, and in order", () => {
  expect(fitOf("nk", "New key")?.marks).toEqual([0, 4]);
  expect(fitOf("kn", "New key")).toBeNull();
  expect(fitOf("ey", "New kxexy")).toBeNull();
});

test("another word for the same thing finds it, after all that say it themselves", () => {
  expect(fitOf("log", "Requests", "log history")?.score).toBeLessThan(fitOf("log", "Catalogue")?.score ?? 0);
  expect(fitOf("logs", "Requests", "log history")).toBeNull();
});

test("nothing typed fits everything", () => {
  expect(fitOf("  ", "Keys")).toEqual({ score: 0, marks: [] });
});

test("a name is cut so that its meant letters can be shown", () => {
  expect(cutAt("New key", [0, 4, 5, 6]).map(({ text, isMeant }) => [text, isMeant])).toEqual([
    ["N", true],
    ["ew ", false],
    ["key", true],
  ]);
});
