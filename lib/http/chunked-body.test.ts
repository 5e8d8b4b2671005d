import { expect, test } from "vitest";
import { BadAnswer } from "./answer-head";
import { ChunkedBody } from "./chunked-body";

/** Feeds `text` in pieces that end at the given places; what came out, and what was left over. */
function readIn(text: string, cuts: readonly number[]) {
  const body = new ChunkedBody();
  let content = "";
  let rest = "";
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    const piece = Buffer.from(text.slice(from, cut));
    from = cut;
    if (body.isOver) {
      rest += piece.toString();
      continue;
    }
    const after = Buffer.from(piece);
    content += body.read(piece, 0).toString();
    if (body.isOver) rest += after.subarray(body.end).toString();
  }
  return { content, rest, isOver: body.isOver };
}

const BODY = "5\r\nhello\r\n1;name=value\r\n,\r\n00B\r\n wide world\r\n0\r\nx-trailer: 1\r\n\r\n";

test("wherever the network splits a body, its content is the same", () => {
  for (let first = 0; first <= BODY.length; first += 1) {
    for (let second = first; second <= BODY.length; second += 3) {
      expect(readIn(`${BODY}NEXT`, [first, second])).toEqual({
        content: "hello, wide world",
        rest: "NEXT",
        isOver: true,
      });
    }
  }
});

test("byte by byte", () => {
  expect(
    readIn(
      BODY,
      [...BODY].map((_, index) => index),
    ).content,
  ).toBe("hello, wide world");
});

test.each([
  "\r\n",
  "g\r\n",
  "-1\r\n",
  "0x5\r\nhello",
  "5\nhello",
  "5\r\nhelloX\r\n",
  "5\r\nhello\n",
  "ffffffffffffffffff\r\n",
  "80000000\r\n",
  `5;${"x".repeat(20_000)}`,
  `0\r\n${"x".repeat(20_000)}`,
  "5;a\nb\r\nhello",
])("%j is malformed", (text) => {
  expect(() => readIn(text, [])).toThrow(BadAnswer);
});
