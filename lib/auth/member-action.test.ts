import { expect, test } from "vitest";
import { formValues } from "./member-action";

function form(...entries: [string, string | File][]) {
  const data = new FormData();
  for (const [name, value] of entries) data.append(name, value);
  return data;
}

test("a name that appears once is text, one that repeats is a list", () => {
  expect(formValues(form(["name", "laptop"], ["models", "a"], ["models", "b"]))).toEqual({
    name: "laptop",
    models: ["a", "b"],
  });
});

test("files and what Next adds are left out, and nothing reaches an object's prototype", () => {
  const values = formValues(
    form(["$ACTION_ID_1", "x"], ["file", new File(["x"], "x")], ["__proto__", "x"], ["constructor", "x"]),
  );
  expect(Object.keys(values)).toEqual(["constructor"]);
  expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
});
