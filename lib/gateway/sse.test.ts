import fc from "fast-check";
import { expect, test } from "vitest";
import { EventSplitter, EventTooLarge, LARGEST_EVENT_BYTES } from "./sse";

function split(chunks: Buffer[]) {
  const splitter = new EventSplitter();
  const events: string[] = [];
  for (const chunk of chunks) {
    const text = splitter.take(chunk);
    if (text === null) continue;
    let from = 0;
    for (let end = splitter.endOfEvent(text, 0); end !== -1; end = splitter.endOfEvent(text, from)) {
      events.push(text.toString("utf8", from, end));
      from = end;
    }
    splitter.keep(text.subarray(from));
  }
  return { events, rest: splitter.rest().toString() };
}

/** Cuts bytes at the given places, which may be anywhere, also inside a character. */
function cutAt(bytes: Buffer, places: number[]) {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

const line = fc.stringMatching(/^(data: |: |event: )[^\r\n]{0,12}$/);
const events = fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });
const places = fc.array(fc.nat(), { maxLength: 12 });

test("events come out whole wherever the bytes were split", () => {
  fc.assert(
    fc.property(events, places, (wanted, cuts) => {
      const texts = wanted.map((lines) => `${lines.join("\n")}\n\n`);
      expect(split(cutAt(Buffer.from(texts.join("")), cuts))).toEqual({ events: texts, rest: "" });
    }),
  );
});

test.each(["\r\n", "\r"])("no line end (%j) is torn by a split, and no event waits for what follows it", (lineEnd) => {
  fc.assert(
    fc.property(events, places, (wanted, cuts) => {
      const texts = wanted.map((lines) => `${lines.join(lineEnd)}${lineEnd}${lineEnd}`);
      expect(split(cutAt(Buffer.from(texts.join("")), cuts))).toEqual({ events: texts, rest: "" });
    }),
  );
});

test("with bare CR no byte is lost or doubled, and every event ends at a blank line", () => {
  fc.assert(
    fc.property(events, places, fc.constantFrom("\r", "\r\n", "\n"), (wanted, cuts, other) => {
      const text = wanted
        .map((lines, index) => lines.map((l) => l + (index % 2 ? "\r" : other)).join("") + (index % 2 ? "\r" : other))
        .join("");
      const { events: found, rest } = split(cutAt(Buffer.from(text), cuts));
      expect(found.join("") + rest).toBe(text);
      expect(found.length + (/[^\r\n]/.test(rest) ? 1 : 0)).toBeGreaterThanOrEqual(wanted.length);
    }),
  );
});

test("an event without its blank line is never handed on", () => {
  expect(split([Buffer.from("data: a\n\ndata: b\n")])).toEqual({ events: ["data: a\n\n"], rest: "data: b\n" });
});

test("a line that never ends is refused before it fills the memory", () => {
  const chunk = Buffer.alloc(1024 * 1024, "x");
  const splitter = new EventSplitter();
  const feed = () => {
    for (let sent = 0; sent <= LARGEST_EVENT_BYTES; sent += chunk.length) {
      const text = splitter.take(chunk);
      if (text !== null) splitter.keep(text);
    }
  };
  expect(feed).toThrow(EventTooLarge);
});
