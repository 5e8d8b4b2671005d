import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random";

/** What a caller saw of one request. */
export type Sight = {
  /** Null where not even headers came. */
  id: string | null;
  status: number | null;
  isStreamed: boolean;
  body: string;
  /** The answer came to its end. */
  isWhole: boolean;
  /** Unix ms at which this caller left before that; null if it stayed. */
  leftAt: number | null;
};

/** Nobody waits for a pod that hangs. */
const PATIENCE_MS = 2_500;

/** Asks once, and leaves after a random number of bytes in one of four cases, or when it gets too long. */
export function ask(url: string, secret: string, model: string, random: Random): Promise<Sight> {
  const isStreamed = random.chance(0.8);
  const leavesAfter = random.chance(0.25) ? random.int(0, 6_000) : Number.POSITIVE_INFINITY;
  const body = JSON.stringify({
    model,
    messages: [{ role: "user", content: "Rivers.".repeat(random.int(1, 30)) }],
    ...(isStreamed && { stream: true }),
    max_tokens: 300,
  });
  const sight: Sight = { id: null, status: null, isStreamed, body: "", isWhole: false, leftAt: null };
  const parts: Buffer[] = [];
  let bytes = 0;

  return new Promise((resolve) => {
    const asking = request(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${secret}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      },
    });
    const timer = setTimeout(leave, random.int(PATIENCE_MS / 2, PATIENCE_MS));
    function leave() {
      sight.leftAt ??= Date.now();
      asking.destroy();
    }
    function over() {
      clearTimeout(timer);
      sight.body = Buffer.concat(parts).toString("utf8");
      resolve(sight);
    }
    asking.once("error", over);
    asking.once("response", (answer) => {
      sight.id = String(answer.headers["x-request-id"]);
      sight.status = answer.statusCode ?? null;
      answer.on("error", () => undefined).once("close", over);
      answer.once("end", () => {
        sight.isWhole = answer.complete && sight.leftAt === null;
      });
      answer.on("data", (chunk: Buffer) => {
        parts.push(chunk);
        bytes += chunk.length;
        if (bytes >= leavesAfter) leave();
      });
    });
    asking.end(body);
  });
}

/** Asks one request after the other until told to stop. */
export async function keepAsking(
  url: string,
  secret: string,
  model: string,
  random: Random,
  isOver: () => boolean,
  sights: Sight[],
) {
  while (!isOver()) {
    sights.push(await ask(url, secret, model, random));
    await sleep(random.int(0, 30));
  }
}

const EVENT_END = /\r\n\r\n|\n\n|\r\r/;

/** The text of the events that came whole, and whether one of them said that all is well. */
export function readStream(body: string) {
  const events = body.split(EVENT_END).slice(0, -1);
  const payloads = events.flatMap((event) => {
    const line = event.split(/\r\n|\n|\r/).find((text) => text.startsWith("data: "));
    return line === undefined ? [] : [line.slice("data: ".length)];
  });
  const chunks = payloads.filter((payload) => payload.startsWith("{")).map((payload) => JSON.parse(payload) as Chunk);
  return {
    texts: chunks.flatMap(({ choices }) => choices?.flatMap(({ delta }) => delta.content ?? []) ?? []),
    errors: chunks.filter((chunk) => chunk.error !== undefined).length,
    /** Usage was never asked for. */
    usages: chunks.filter((chunk) => chunk.usage !== undefined).length,
    isDone: payloads.at(-1) === "[DONE]",
  };
}

type Chunk = { choices?: { delta: { content?: string } }[]; error?: unknown; usage?: unknown };
