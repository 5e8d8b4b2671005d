import { connect, type Socket } from "node:net";
import { MODEL, type Target } from "../protocol";

/** Milliseconds on the machine's own clock, the same in every process. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/** A chat request as a client's library writes it, in one piece. */
function requestBytes({ port, headers }: Target, body: string) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join("")}` +
      "accept: application/json\r\nuser-agent: podpass-bench\r\ncontent-type: application/json\r\n" +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

const messages = (what: string) =>
  `"messages":[{"role":"system","content":"You are brief."},{"role":"user","content":"Say something friendly, ${what}."}]`;

/** A small question that is answered in one piece. */
export const plainRequest = (target: Target) =>
  requestBytes(target, `{"model":"${MODEL}",${messages("now")},"max_tokens":64,"temperature":0.7}`);

/** A question answered by `events` tokens, one each `everyMs`. Like most clients it does not ask for usage. */
export function streamRequest(target: Target, events: number, everyMs: number) {
  const limits = `"max_tokens":${events},"temperature":0.7,"stream":true`;
  return requestBytes(target, `{"model":"${MODEL}",${messages(`every=${everyMs}ms`)},${limits}}`);
}

/** Connects to a peer on this machine; settles when connected. */
export function open({ port }: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
  });
}

/** Finds the ends of whole answers in a connection's bytes. */
export class Answers {
  private kept = "";

  /** "more": not complete yet; otherwise whether the answer that ended was a 200. */
  take(chunk: Buffer): "more" | "good" | "bad" {
    this.kept = this.kept === "" ? chunk.toString("latin1") : this.kept + chunk.toString("latin1");
    const headEnd = this.kept.indexOf("\r\n\r\n");
    if (headEnd === -1) return "more";
    const head = this.kept.slice(0, headEnd);
    const length = CONTENT_LENGTH.exec(head)?.[1];
    const isWhole =
      length === undefined ? this.kept.endsWith("\r\n0\r\n\r\n") : this.kept.length >= headEnd + 4 + Number(length);
    if (!isWhole) return "more";
    this.kept = "";
    return head.startsWith("HTTP/1.1 200") ? "good" : "bad";
  }
}
