import { expect, test } from "vitest";
import { sampleJson } from "./json-sample";

test.each([
  [
    "a required property of each kind",
    { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } }, required: ["a", "b"] },
    { a: "Kathmandu", b: 7 },
  ],
  [
    "only what is required",
    { type: "object", properties: { a: { type: "string" }, b: { type: "integer" } }, required: ["b"] },
    { b: 7 },
  ],
  ["everything when nothing is said to be required", { properties: { on: { type: "boolean" } } }, { on: true }],
  ["the first of an enum", { enum: ["red", "blue"] }, "red"],
  ["a constant", { const: 42 }, 42],
  ["bounds", { type: "integer", minimum: 18 }, 18],
  ["exclusive bounds", { type: "integer", exclusiveMinimum: 18 }, 19],
  ["a least number of items", { type: "array", items: { type: "boolean" }, minItems: 2 }, [true, true]],
  ["the first of a union", { anyOf: [{ type: "null" }, { type: "string" }] }, null],
  [
    "a reference",
    { $defs: { city: { const: "Patan" } }, properties: { to: { $ref: "#/$defs/city" } } },
    { to: "Patan" },
  ],
  [
    "all of several",
    {
      allOf: [
        { type: "object", properties: { a: { const: 1 } }, required: ["a"] },
        { properties: { b: { const: 2 } }, required: ["b"] },
      ],
    },
    { a: 1, b: 2 },
  ],
  ["a format", { type: "string", format: "date" }, "2026-01-02"],
  ["lengths", { type: "string", minLength: 12 }, "Kathmanduuuu"],
])("the smallest value honours %s", (_, schema, value) => {
  expect(sampleJson(schema)).toEqual(value);
});

test("a schema that contains itself comes to an end", () => {
  const node = { $ref: "#" };
  expect(() => sampleJson({ type: "object", properties: { child: node }, required: ["child"] })).not.toThrow();
});
