import { expect, test } from "vitest";
import { partsOf, spansOf } from "./parts";

const shown = (text: string) => partsOf(text).map(({ kind, text, language }) => [kind, language, text]);

test("fenced code stands apart from the words around it, with its language", () => {
  expect(shown("Look:\n\n```Python\nprint(1)\n\nprint(2)\n```\n\nThat is all.")).toEqual([
    ["text", "", "Look:"],
    ["code", "python", "print(1)\n\nprint(2)"],
    ["text", "", "That is all."],
  ]);
});

test("while an answer still comes, an open fence holds what is there so far", () => {
  const parts = partsOf("Look:\n```js\nconst a = 1;\nconst");
  expect(parts.at(-1)).toMatchObject({ kind: "code", text: "const a = 1;\nconst", isOpen: true });
});

test("a longer fence holds shorter ones, and a tilde fence holds backticks", () => {
  expect(shown("````md\n```\ninside\n```\n````")).toEqual([["code", "md", "```\ninside\n```"]]);
  expect(shown("~~~\n```\n~~~\nafter")).toEqual([
    ["code", "", "```"],
    ["text", "", "after"],
  ]);
});

test("markup is words like any others", () => {
  expect(shown("<script>alert(1)</script>\n[x](javascript:alert(1))")).toEqual([
    ["text", "", "<script>alert(1)</script>\n[x](javascript:alert(1))"],
  ]);
});

test("code among words is told apart; a mark without its partner stays", () => {
  expect(spansOf("run `npm start` and ` wait").map(({ text, isCode }) => [text, isCode])).toEqual([
    ["run ", false],
    ["npm start", true],
    [" and ` wait", false],
  ]);
});

test("every part has a place of its own", () => {
  const places = partsOf("a\n```\nb\n```\n```\nc\n```\nd").map(({ at }) => at);
  expect(new Set(places).size).toBe(places.length);
});
