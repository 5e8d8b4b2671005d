import { expect, test } from "vitest";
import { BadAnswer, readAnswerHead } from "./answer-head";

const head = (...lines: string[]) => readAnswerHead(["HTTP/1.1 200 OK", ...lines].join("\r\n"));

test("what vLLM sends is read", () => {
  expect(head("server: uvicorn", "Content-Type: application/json", "Content-Length: 12")).toMatchObject({
    status: 200,
    framing: { by: "length", bytes: 12 },
    mayStay: true,
    contentType: "application/json",
    contentEncoding: null,
  });
  expect(head("transfer-encoding: chunked").framing).toEqual({ by: "chunks" });
});

test("an answer without a length ends with its connection, which is not used again", () => {
  expect(head("content-type: text/plain")).toMatchObject({ framing: { by: "close" }, mayStay: false });
  expect(readAnswerHead("HTTP/1.0 200 OK\r\ncontent-length: 1").mayStay).toBe(false);
  expect(head("content-length: 1", "connection: foo, Close").mayStay).toBe(false);
});

test("answers that have no body end at once", () => {
  for (const status of [100, 204, 304]) {
    expect(readAnswerHead(`HTTP/1.1 ${status} X\r\ntransfer-encoding: chunked`).framing).toEqual({
      by: "length",
      bytes: 0,
    });
  }
});

test("what the other side says about idle connections is heard", () => {
  expect(head("content-length: 0", "keep-alive: timeout=5, max=100").idleSeconds).toBe(5);
  expect(head("content-length: 0", "retry-after: 7").retryAfter).toBe("7");
});

test.each([
  ["no status line", "hello"],
  ["another protocol", "HTTP/2 200"],
  ["a status out of range", "HTTP/1.1 999 X"],
  ["a line without a colon", "HTTP/1.1 200 OK\r\nnonsense"],
  ["a line without a name", "HTTP/1.1 200 OK\r\n: x"],
  ["a folded line", "HTTP/1.1 200 OK\r\nx: y\r\n folded"],
  ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2"],
  ["a list of lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1, 1"],
  ["a signed length", "HTTP/1.1 200 OK\r\ncontent-length: +1"],
  ["both framings", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked"],
  ["another encoding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked"],
])("%s is refused: two readers could see its end in different places", (_, text) => {
  expect(() => readAnswerHead(text)).toThrow(BadAnswer);
});
