import { connect, type Socket } from "node:net";

export type RawAnswer = {
  /** Everything that came, interim answers included. */
  text: string;
  /** Of the first final answer; 0 if none came. */
  status: number;
  headers: Map<string, string>;
  body: string;
  /** How many final answers came on the one connection. */
  answers: number;
  /** The server closed the connection. */
  isClosed: boolean;
};

/** How long a connection is watched after an answer that did not close it: a second answer would come within. */
const WATCH_MS = 40;
const PATIENCE_MS = 1_500;

/** Sends bytes as they are, which no HTTP client would, and keeps the connection open to see what becomes of it. */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let isClosed = false;
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    let watch: NodeJS.Timeout | undefined;
    const patience = setTimeout(resolve, PATIENCE_MS);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      clearTimeout(watch);
      if (isWhole(text)) watch = setTimeout(resolve, WATCH_MS);
    });
    socket.once("end", () => {
      isClosed = true;
    });
    socket.once("close", () => {
      isClosed = true;
      clearTimeout(watch);
      clearTimeout(patience);
      resolve();
    });
    socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  });
  socket.destroy();
  return parseAnswer(text, isClosed);
}

/** An open connection that has sent `bytes` and reads nothing yet. */
export function openRaw(port: number, bytes: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.pause();
  socket.write(Buffer.from(bytes, "latin1"));
  return socket;
}

export function parseAnswer(text: string, isClosed: boolean): RawAnswer {
  const final = text.replace(/^(HTTP\/1\.1 1\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)+/, "");
  const headEnd = final.indexOf("\r\n\r\n");
  const [first = "", ...lines] = final.slice(0, Math.max(0, headEnd)).split("\r\n");
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return {
    text,
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
    headers,
    // The first answer's alone: on a connection that stays, another may follow.
    body: headEnd === -1 ? "" : final.slice(headEnd + 4).slice(0, Number(headers.get("content-length") ?? Infinity)),
    answers: [...final.matchAll(/HTTP\/1\.1 [2-5]\d\d /g)].length,
    isClosed,
  };
}

function isWhole(text: string) {
  const { status, headers, body } = parseAnswer(text, false);
  if (status === 0) return false;
  const length = headers.get("content-length");
  return length === undefined ? body.endsWith("0\r\n\r\n") : body.length >= Number(length);
}
