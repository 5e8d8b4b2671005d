import { expect, test } from "vitest";
import { sectionsOf } from "./find-ranking";

const entries = [
  { id: "/keys", name: "Keys", group: "Pages" },
  { id: "/usage", name: "Usage", group: "Pages" },
  { id: "new", name: "New key", group: "Actions", others: "create make" },
  { id: "dark", name: "Theme: dark", group: "Actions", isRare: true },
  { id: "key-1", name: "keyring", group: "Keys" },
  { id: "rotate-1", name: "Rotate keyring", group: "Keys", isRare: true },
];

const shown = (typed: string, recent: string[] = []) =>
  sectionsOf(entries, typed, recent).map(({ title, found }) => [title, found.map(({ entry }) => entry.id)]);

test("with nothing typed, what was used last comes first and nothing comes twice; side matters wait to be asked for", () => {
  expect(shown("", ["/usage", "rotate-1", "gone"])).toEqual([
    ["Recent", ["/usage", "rotate-1"]],
    ["Keys", ["key-1"]],
    ["Pages", ["/keys"]],
    ["Actions", ["new"]],
  ]);
});

test("what is typed brings the best fits, and things before what can be done with them", () => {
  expect(shown("keyr")).toEqual([["Best matches", ["key-1", "rotate-1"]]]);
  expect(shown("create")).toEqual([["Best matches", ["new"]]]);
  expect(shown("nothing like it")).toEqual([]);
});

test("of things that fit alike, the one used lately comes first", () => {
  expect(shown("key", ["key-1"])[0]?.[1]?.[0]).toBe("key-1");
});
