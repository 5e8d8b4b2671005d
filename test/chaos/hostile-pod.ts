import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random";

/** What the pod makes of a request. */
export const FATES = [
  "complete",
  "cut",
  "cut in an event",
  "hang",
  "error event",
  "odd usage",
  "refuse",
  "no answer",
] as const;
export type Fate = (typeof FATES)[number];

const ODD = [-5, 9e15, "12", 3.5, null] as const;
const REFUSALS = [400, 401, 404, 429, 500, 502, 503] as const;
/** What a careless reader of streams trips over. */
const TRICKY = [
  '"usage":{"completion_tokens":1}',
  "data: [DONE]",
  "\r\n\r\n",
  "\u2028é🦜",
  '\\"',
  "]}",
  '"error"',
] as const;

/** The pod's own account of one request. */
export type Entry = {
  id: string;
  fate: Fate;
  isStreamed: boolean;
  /** The status it was refused with; 200 otherwise. */
  status: number;
  prompt: number;
  cached: number;
  /** Completion tokens after each event, as they were told; the first is before any. */
  told: number[];
  /** The text of each event. */
  texts: string[];
  /** All was sent, the end mark too. */
  isDone: boolean;
  /** Whoever asked went away before. */
  isLeft: boolean;
  /** Unix ms since which it hangs; null while it doesn't. */
  silentAt: number | null;
};

const ONE_TOKEN =
  '{"object":"text_completion","choices":[{"index":0,"text":"a","finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}';

/** A pod that keeps an honest account and does everything else wrong, as `random` has it. */
export async function startHostilePod(model: string, random: Random) {
  const ledger = new Map<string, Entry>();
  /** Asked twice for the same request: must never happen. */
  const repeated: string[] = [];

  const server = createServer((request, response) => {
    response.on("error", () => undefined);
    request.on("error", () => undefined);
    if (request.method === "GET") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data: [{ id: model, object: "model" }] }));
      return;
    }
    const id = request.headers["x-request-id"];
    // Podpass itself asks for a token now and then, on nobody's account.
    if (typeof id === "string") void readText(request).then((text) => answer(id, text, response));
    else void readText(request).then(() => response.end(ONE_TOKEN));
  });

  async function answer(id: string, text: string, response: ServerResponse) {
    const body = JSON.parse(text) as { stream?: boolean };
    const prompt = random.int(1, 60);
    const entry: Entry = {
      id,
      fate: random.chance(0.4) ? "complete" : random.one(FATES),
      isStreamed: body.stream === true,
      status: 200,
      prompt,
      cached: random.int(0, prompt),
      told: [0],
      texts: [],
      isDone: false,
      isLeft: false,
      silentAt: null,
    };
    if (ledger.has(id)) repeated.push(id);
    ledger.set(id, entry);
    response.once("close", () => {
      if (!entry.isDone) entry.isLeft = true;
    });
    if (random.chance(0.2)) await sleep(random.int(1, 60));
    if (entry.fate === "no answer") return;
    if (entry.fate === "refuse") return refuse(entry, response);
    if (entry.isStreamed) await stream(entry, response);
    else await whole(entry, response);
  }

  function refuse(entry: Entry, response: ServerResponse) {
    entry.status = random.one(REFUSALS);
    entry.isDone = true;
    response.writeHead(entry.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "no", type: "x", code: entry.status } }));
  }

  async function whole(entry: Entry, response: ServerResponse) {
    const completion = random.int(0, 500);
    const usage = usageOf(entry, entry.fate === "odd usage" ? random.one<unknown>(ODD) : completion);
    const message = { role: "assistant", content: random.one(TRICKY) };
    const body = Buffer.from(
      JSON.stringify({ id: "x", choices: [{ index: 0, message, finish_reason: "stop" }], usage }),
    );
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    if (entry.fate === "hang") return void response.write(body.subarray(0, body.length >> 1));
    if (entry.fate === "cut" || entry.fate === "cut in an event" || entry.fate === "error event") {
      response.write(body.subarray(0, body.length - 1), () => response.socket?.end());
      return;
    }
    if (entry.fate === "complete") entry.told.push(completion);
    entry.isDone = true;
    await inPieces(body, response);
    response.end();
  }

  async function stream(entry: Entry, response: ServerResponse) {
    const { fate } = entry;
    const lineEnd = random.one(["\n", "\n", "\r\n", "\r"]);
    const events = random.int(0, 40);
    const isSlow = random.chance(0.3);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    const write = (text: string) => inPieces(Buffer.from(text), response);
    const event = (json: object) => `data: ${JSON.stringify(json)}${lineEnd}${lineEnd}`;
    let tokens = 0;
    for (let n = 0; n < events && !entry.isLeft; n += 1) {
      if (random.chance(0.1)) await write(`: a comment${lineEnd}${lineEnd}`);
      tokens += random.int(1, 7);
      const text = ` <${tokens}>${random.chance(0.2) ? random.one(TRICKY) : ""}`;
      entry.texts.push(text);
      entry.told.push(tokens);
      await write(event(chunk(text, usageOf(entry, tokens))));
      if (isSlow) await sleep(random.int(1, 25));
    }
    if (fate === "hang" && !entry.isLeft) entry.silentAt = Date.now();
    if (entry.isLeft || fate === "hang") return;
    if (fate === "cut" || fate === "cut in an event") {
      const half =
        fate === "cut" ? ": cut" : event(chunk(" half", usageOf(entry, tokens + 1))).slice(0, -random.int(3, 40));
      response.write(half, () => response.socket?.end());
      return;
    }
    if (fate === "error event") {
      await write(event({ error: { message: "the engine died at 0xdeadbeef", type: "x", code: 500 } }));
    } else {
      const told = fate === "odd usage" ? random.one<unknown>(ODD) : tokens;
      await write(event({ id: "x", object: "chat.completion.chunk", model, choices: [], usage: usageOf(entry, told) }));
      entry.isDone = true;
    }
    await write(`data: [DONE]${lineEnd}${lineEnd}`);
    response.end();
  }

  const chunk = (content: string, usage: object) => ({
    id: "x",
    object: "chat.completion.chunk",
    model,
    choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }],
    usage,
  });

  /** As bytes may arrive: cut anywhere, in a character too. */
  async function inPieces(bytes: Buffer, response: ServerResponse) {
    if (!random.chance(0.3)) return void response.write(bytes);
    for (let at = 0; at < bytes.length; ) {
      const size = random.int(1, bytes.length);
      response.write(bytes.subarray(at, at + size));
      at += size;
      if (random.chance(0.5)) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  server.keepAliveTimeout = 2_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger,
    repeated,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const usageOf = ({ prompt, cached }: Entry, completion: unknown) => ({
  prompt_tokens: prompt,
  total_tokens: prompt + Number(completion),
  completion_tokens: completion,
  prompt_tokens_details: { cached_tokens: cached },
});

async function readText(request: IncomingMessage) {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
