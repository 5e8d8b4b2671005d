import fc from "fast-check";
import { expect, test } from "vitest";
import { spliceObject, topLevelSpans } from "./json-spans";

const spansOf = (text: string) => topLevelSpans(Buffer.from(text));

test("every top-level member is found, whatever its strings contain", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 4 })),
      fc.constantFrom(0, 1, 3),
      (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const bytes = Buffer.from(text);
        const found = topLevelSpans(bytes).map(({ key, valueStart, valueEnd }) => [
          key,
          JSON.parse(bytes.toString("utf8", valueStart, valueEnd)),
        ]);
        expect(found).toEqual(Object.entries(JSON.parse(text)));
      },
    ),
  );
});

test("a doubled key is seen twice, also when one is spelled with escapes", () => {
  expect(spansOf('{"model":"a", "mod\\u0065l" : "b"}').map(({ key }) => key)).toEqual(["model", "model"]);
});

test("splicing changes nothing but the members it names", () => {
  const text = Buffer.from('{ "seed": 12345678901234567890, "stream_options" : {"a":[1,"}"]}, "t":1.0 }');
  const spliced = spliceObject(text, topLevelSpans(text), [
    { key: "stream_options", json: '{"include_usage":true}' },
    { key: "stream", json: "true" },
  ]);
  expect(spliced.toString()).toBe(
    '{ "seed": 12345678901234567890, "stream_options" : {"include_usage":true}, "t":1.0 ,"stream":true}',
  );
});

test("an empty object gets its first member", () => {
  const text = Buffer.from("{}");
  expect(spliceObject(text, topLevelSpans(text), [{ key: "n", json: "1" }]).toString()).toBe('{"n":1}');
});

test("splicing and reading back is setting the member", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.jsonValue(), (object, key, value) => {
      const text = Buffer.from(JSON.stringify(object));
      const spliced = spliceObject(text, topLevelSpans(text), [{ key, json: JSON.stringify(value) }]);
      const read = new Map(
        topLevelSpans(spliced).map((span) => [span.key, spliced.toString("utf8", span.valueStart, span.valueEnd)]),
      );
      expect(read.get(key)).toBe(JSON.stringify(value));
    }),
  );
});
