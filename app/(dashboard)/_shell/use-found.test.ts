import { expect, test } from "vitest";
import { nameIn } from "./use-found";

test.each([
  ["laptop", "laptop"],
  ["rotate laptop", "laptop"],
  ["rot lap", "lap"],
  ["usage of Ada Lovelace", "Ada Lovelace"],
  ["chat with", "with"],
  ["r", "r"],
  ["", ""],
])("of %j the name is %j", (typed, name) => {
  expect(nameIn(typed)).toBe(name);
});
