import fc from "fast-check";
import { expect, test } from "vitest";
import { isUuid, readCursor, writeCursor } from "./list-cursor";

const id = "019ab0e5-5f5c-7000-8000-000000000001";

test.each([
  { sort: "created", descending: true, value: "2026-11-22 12:00:00.123+00", id },
  { sort: "created", descending: true, value: "2026-11-22 17:45:00+05:45", id },
  { sort: "lastUsed", descending: true, value: "-infinity", id },
  { sort: "expires", descending: false, value: "infinity", id },
  { sort: "name", descending: false, value: "zoë's laptop", id },
] as const)("a cursor comes back as it went out: %o", (cursor) => {
  expect(readCursor(writeCursor(cursor), cursor.sort, cursor.descending)).toEqual(cursor);
});

test("a cursor of another order, or none at all, is refused", () => {
  const cursor = writeCursor({ sort: "name", descending: false, value: "a", id });
  expect(() => readCursor(cursor, "created", false)).toThrow(/first page/);
  expect(() => readCursor(cursor, "name", true)).toThrow(/first page/);
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => readCursor(text, "created", true)).toThrow(/first page/);
    }),
  );
  const forged = writeCursor({ sort: "created", descending: true, value: "now()", id });
  expect(() => readCursor(forged, "created", true)).toThrow(/first page/);
});

test("an id is a uuid", () => {
  expect(isUuid(id)).toBe(true);
  expect(isUuid(`${id}\n`)).toBe(false);
  expect(isUuid("1")).toBe(false);
});
