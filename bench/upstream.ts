// A pod reduced to what costs nothing: raw sockets, ready-made answers, vLLM's shapes. It is far faster than any gateway in
// front of it, so that what is measured is the gateway. Every answer and token is counted, to be compared with Podpass' rows.
import { createServer, type Socket } from "node:net";
import { MODEL, PLAIN_TOKENS, POD_KEY, type UpstreamLedger } from "./protocol";

const PROMPT_TOKENS = 12;
const TICK_MS = 1;

type Stream = {
  socket: Socket;
  sent: number;
  total: number;
  everyMs: number;
  nextAt: number;
  withUsage: boolean;
  head: string;
};

const ledger: UpstreamLedger = { plain: 0, streams: 0, tokens: 0 };
const streams = new Set<Stream>();
let ticking: NodeJS.Timeout | null = null;
let nextId = 1;

/** Milliseconds on the machine's own clock, the same in every process. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

function answerOf(body: string, status = "200 OK") {
  const head = `HTTP/1.1 ${status}\r\nserver: uvicorn\r\ncontent-type: application/json\r\n`;
  return Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

const MODELS = answerOf(
  `{"object":"list","data":[{"id":"${MODEL}","object":"model","created":1,"owned_by":"vllm","root":"${MODEL}","parent":null,"max_model_len":32768,"permission":[]}]}`,
);
const HEALTH = answerOf("{}");
const NOT_FOUND = answerOf('{"detail":"Not Found"}', "404 Not Found");
const UNAUTHORIZED = answerOf('{"error":"Unauthorized"}', "401 Unauthorized");
const LENGTH_REQUIRED = answerOf('{"detail":"Length Required"}', "411 Length Required");
const PLAIN = answerOf(
  `{"id":"chatcmpl-bench","object":"chat.completion","created":1795375705,"model":"${MODEL}","choices":[{"index":0,"message":{"role":"assistant","content":"Here is what a short and friendly answer of a model looks like today.","refusal":null,"annotations":null,"audio":null,"function_call":null,"reasoning":null},"logprobs":null,"finish_reason":"stop","stop_reason":null,"token_ids":null}],"service_tier":null,"system_fingerprint":null,"usage":{"prompt_tokens":${PROMPT_TOKENS},"total_tokens":${PROMPT_TOKENS + PLAIN_TOKENS},"completion_tokens":${PLAIN_TOKENS},"prompt_tokens_details":null,"completion_tokens_details":null},"prompt_logprobs":null,"prompt_token_ids":null,"kv_transfer_params":null}`,
);
const STREAM_HEAD =
  "HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";

/** One event in an HTTP chunk of its own, as a server that flushes each event sends it. ASCII alone, so length is bytes. */
const framed = (event: string) => `${event.length.toString(16)}\r\n${event}\r\n`;

function usageOf(tokens: number) {
  return `"usage":{"prompt_tokens":${PROMPT_TOKENS},"total_tokens":${PROMPT_TOKENS + tokens},"completion_tokens":${tokens}`;
}

/** The token's text is the time it was sent, so the receiver knows its delay without a field that vLLM doesn't have. */
function tokenEvent({ head, withUsage, sent, total }: Stream) {
  const finish = sent + 1 === total ? '"length","stop_reason":null' : "null";
  const choice = `{"index":0,"delta":{"content":" ${now().toFixed(3)}"},"logprobs":null,"finish_reason":${finish},"token_ids":null}`;
  const usage = withUsage ? `,${usageOf(sent + 1)},"completion_tokens_details":null}` : "";
  return framed(`data: ${head},"choices":[${choice}]${usage}}\n\n`);
}

function beginStream(socket: Socket, body: string) {
  const head = `{"id":"chatcmpl-${(nextId++).toString(16).padStart(16, "0")}","object":"chat.completion.chunk","created":1795375705,"model":"${MODEL}"`;
  const everyMs = Number(/every=(\d+)ms/.exec(body)?.[1] ?? 20);
  const stream: Stream = {
    socket,
    sent: 0,
    total: Number(/"max_tokens":(\d+)/.exec(body)?.[1] ?? 16),
    everyMs,
    nextAt: now() + everyMs,
    withUsage: body.includes('"continuous_usage_stats":true'),
    head,
  };
  const choice = '{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}';
  const usage = stream.withUsage ? `,${usageOf(0)},"completion_tokens_details":null}` : "";
  socket.write(
    STREAM_HEAD + framed(`data: ${head},"choices":[${choice}]${usage},"prompt_token_ids":null}\n\n`),
    "latin1",
  );
  streams.add(stream);
  ticking ??= setInterval(tick, TICK_MS);
}

function tick() {
  const at = now();
  for (const stream of streams) if (stream.nextAt <= at) advance(stream);
  if (streams.size > 0 || ticking === null) return;
  clearInterval(ticking);
  ticking = null;
}

function advance(stream: Stream) {
  if (stream.socket.destroyed) {
    streams.delete(stream);
    return;
  }
  let text = tokenEvent(stream);
  stream.sent += 1;
  stream.nextAt += stream.everyMs;
  ledger.tokens += 1;
  if (stream.sent === stream.total) {
    streams.delete(stream);
    ledger.streams += 1;
    if (stream.withUsage) text += framed(`data: ${stream.head},"choices":[],${usageOf(stream.sent)}}}\n\n`);
    text += `${framed("data: [DONE]\n\n")}0\r\n\r\n`;
  }
  stream.socket.write(text, "latin1");
}

function answer(socket: Socket, head: string, body: string) {
  if (head.startsWith("GET /health ")) return socket.write(HEALTH);
  if (!head.includes(POD_KEY)) return socket.write(UNAUTHORIZED);
  if (head.startsWith("GET /v1/models ")) return socket.write(MODELS);
  if (!head.startsWith("POST /v1/chat/completions ")) return socket.write(NOT_FOUND);
  if (body.includes('"stream":true')) return beginStream(socket, body);
  ledger.plain += 1;
  ledger.tokens += PLAIN_TOKENS;
  return socket.write(PLAIN);
}

function serve(socket: Socket) {
  let kept = "";
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    let text = kept === "" ? chunk.toString("latin1") : kept + chunk.toString("latin1");
    for (;;) {
      const headEnd = text.indexOf("\r\n\r\n");
      if (headEnd === -1) break;
      const head = text.slice(0, headEnd);
      if (/\r\ntransfer-encoding:/i.test(head)) {
        socket.end(LENGTH_REQUIRED);
        return;
      }
      const end = headEnd + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (text.length < end) break;
      answer(socket, head, text.slice(headEnd + 4, end));
      text = text.slice(end);
    }
    kept = text;
  });
}

const server = createServer(serve);
server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, () => {
  const address = server.address();
  process.send?.({ port: address !== null && typeof address === "object" ? address.port : 0 });
});
process.on("message", () => process.send?.({ ledger: { ...ledger } }));
process.on("disconnect", () => process.exit(0));
