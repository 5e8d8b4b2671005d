import { request } from "node:http";

/** Members whose value is part of the protocol; of all others only the kind is compared. */
const TELLING = new Set([
  "object",
  "type",
  "role",
  "finish_reason",
  "stop_reason",
  "param",
  "code",
  "detail",
  "status",
  "owned_by",
  "version",
  "parent",
  "tool_choice",
]);
const HEADERS = ["content-type", "allow", "vary", "transfer-encoding", "endpoint-load-metrics", "x-request-id"];

/** One answer as raw as Node gives it. */
function ask(url, key, { method, path, body, key: own = key, headers = {} }) {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const sent = {
    ...(own === null ? {} : { authorization: `Bearer ${own}` }),
    ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    ...headers,
    ...(headers["x-api-key"] ? { "x-api-key": key } : {}),
  };
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, headers: sent, agent: false }, async (answer) => {
      let received = "";
      for await (const chunk of answer.setEncoding("utf8")) received += chunk;
      resolve({ status: answer.statusCode, headers: answer.headers, body: received });
    });
    asked.once("error", reject);
    asked.end(text);
  });
}

const masked = (text) => text.replace(/\d+(\.\d+)?(e-?\d+)?/g, "#");

/** A value's kind: members in their order, list elements without repetition. */
function shapeOf(value, name = "") {
  if (value === null || typeof value === "boolean") return String(value);
  if (name === "bytes" || name === "top_logprobs") return "by the token"; // as many as its letters, or as the odds have it
  if (typeof value === "number") return TELLING.has(name) ? String(value) : "number";
  if (typeof value === "string") {
    if (name === "message") return masked(value);
    return TELLING.has(name) ? value : "text";
  }
  if (Array.isArray(value)) return `[${[...new Set(value.map((item) => shapeOf(item)))].join(" | ")}]`;
  const members = Object.entries(value).map(([key, item]) => `${key}: ${shapeOf(item, key)}`);
  return `{${members.join(", ")}}`;
}

function lineShape(line) {
  const [, field, rest] = line.match(/^(\w+: )(.*)$/s) ?? [];
  if (field !== "data: " || !rest.startsWith("{")) return line;
  const spaced = rest.startsWith('{"error": ') ? " (spaced)" : "";
  return `data: ${shapeOf(JSON.parse(rest))}${spaced}`;
}

/** An answer as lines of text that two pods of one kind have in common: status, headers that matter, shape, framing. */
function outline({ status, headers, body }) {
  const named = HEADERS.filter((name) => headers[name] !== undefined).map(
    (name) => `${name}: ${masked(headers[name])}`,
  );
  if (String(headers["content-type"]).startsWith("text/event-stream")) {
    const events = body.split("\n\n").map((event) => event.split("\n").map(lineShape).join("⏎"));
    return [status, ...named, ...new Set(events)].join("\n");
  }
  const shape = headers["content-type"] === "application/json" && body !== "" ? shapeOf(JSON.parse(body)) : body;
  return [status, ...named, shape].join("\n");
}

/** A vLLM with more to do joins tokens to one chunk: a stream that differs is asked for again before it counts. */
const TRIES = 3;

/** Asks both pods the same and throws the first line in which their answers differ. */
export async function compareAnswers(probe, real, simulated) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await compareOnce(probe, real, simulated);
    } catch (error) {
      if (!probe.body?.stream || tried === TRIES) throw error;
    }
  }
}

async function compareOnce(probe, real, simulated) {
  const [wanted, got] = await Promise.all(
    [real, simulated].map(async ({ url, key }) => outline(await ask(url, key, probe))),
  );
  if (wanted === got) return;
  const [ours, theirs] = [got.split("\n"), wanted.split("\n")];
  const at = theirs.findIndex((line, index) => line !== ours[index]);
  const place = at === -1 ? theirs.length : at;
  throw new Error(`vLLM:      ${theirs[place] ?? "(ends)"}\nsimulator: ${ours[place] ?? "(ends)"}`);
}

const METRICS = [
  "num_requests_running",
  "num_requests_waiting",
  "kv_cache_usage_perc",
  "prompt_tokens_total",
  "prompt_tokens_cached_total",
  "generation_tokens_total",
  "request_success_total",
  "time_to_first_token_seconds_bucket",
  "time_to_first_token_seconds_count",
  "inter_token_latency_seconds_count",
  "e2e_request_latency_seconds_sum",
  "request_queue_time_seconds_count",
];

async function metricsOf({ url }) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lineOf = (name) => text.split("\n").find((line) => line.startsWith(`vllm:${name}{`));
  const labels = (line) => line?.replace(/ \S+$/, "").replace(/"[^"]*"/g, '""');
  return {
    names: METRICS.map((name) => labels(lineOf(name)) ?? `vllm:${name} (absent)`),
    value: (name) => Number(lineOf(name)?.split(" ").at(-1)),
  };
}

/** Compares the metrics that Podpass and its operators read: names and labels, and how a request of three choices is counted. */
export async function compareMetrics(real, simulated) {
  const counted = [];
  for (const { url, key } of [real, simulated]) {
    const before = await metricsOf({ url });
    const body = {
      model: "tiny-llama",
      messages: [{ role: "user", content: "hello" }],
      max_tokens: 4,
      n: 3,
      ignore_eos: true,
    };
    const { usage } = JSON.parse((await ask(url, key, { method: "POST", path: "/v1/chat/completions", body })).body);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await metricsOf({ url });
    const grown = (name) => after.value(name) - before.value(name);
    const [prompts, tokens] = [grown("prompt_tokens_total") / usage.prompt_tokens, grown("generation_tokens_total")];
    counted.push([...after.names, `a prompt counts ${prompts} times`, `${tokens} tokens generated`].join("\n"));
  }
  if (counted[0] !== counted[1]) throw new Error(`vLLM:\n${counted[0]}\nsimulator:\n${counted[1]}`);
}
