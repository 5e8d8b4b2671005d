import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createFront } from "./front";

/** Sends bytes as they are, which no HTTP client would, and gives back everything that is answered. */
async function raw(bytes: string): Promise<string> {
  const seen: string[] = [];
  const server = createFront((request, response) => {
    seen.push(request.url ?? "");
    request.resume();
    request.once("end", () => response.end("handled"));
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const socket = connect(address !== null && typeof address === "object" ? address.port : 0, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk: Buffer) => {
    answer += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.end(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}

const post = (headers: string, body = "") => raw(`POST /v1/x HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`);

test.each([
  ["a length and chunks", "Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n"],
  ["two lengths", "Content-Length: 3\r\nContent-Length: 4", "abcd"],
  ["a length with a sign", "Content-Length: +3", "abc"],
  ["an encoding that is not known", "Transfer-Encoding: xchunked", "0\r\n\r\n"],
  ["a folded header", "X-A: b\r\n c", ""],
  ["a chunk that has no size", "Transfer-Encoding: chunked", "zz\r\nabc\r\n0\r\n\r\n"],
  ["a space before the colon", "Content-Length : 3", "abc"],
])("%s is refused as JSON and the connection closed", async (_, headers, body) => {
  const answer = await post(headers, body);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('"code":"invalid_request"');
  expect(answer.toLowerCase()).toMatch(/connection: close/);
  expect(answer).not.toContain("handled");
});

test("headers beyond 16 KiB are 431", async () => {
  const answer = await post(`X-A: ${"a".repeat(17_000)}`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toContain('"code":"headers_too_large"');
});

test.each([
  ["an absolute target", "GET http://192.0.2.1/latest HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target that is no path", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ["no host", "GET / HTTP/1.1\r\n\r\n"],
  ["a tunnel", "CONNECT 192.0.2.1:80 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a WebSocket", "GET /v1/realtime HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"],
])("%s is refused", async (_, bytes) => {
  const answer = await raw(bytes);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).not.toContain("handled");
});

test("an offer of HTTP/2 is passed over in silence", async () => {
  const answer = await raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

test("an expectation that nobody knows is 417", async () => {
  expect(await post("Expect: the-unexpected\r\nConnection: close")).toMatch(/^HTTP\/1\.1 417 /);
});

test("100-continue is answered, then the request", async () => {
  const answer = await post("Expect: 100-continue\r\nContent-Length: 1\r\nConnection: close", "a");
  expect(answer).toMatch(/^HTTP\/1\.1 100 [\s\S]*HTTP\/1\.1 200 [\s\S]*handled/);
});
