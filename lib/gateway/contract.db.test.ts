import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Failure } from "@/pod/simulator/failures";
import { type Simulator, startSimulator } from "@/pod/simulator/simulator";
import { startGatewayRig, type Transport } from "@/test/rig/gateway";

const MODEL = "simulated-llama-8b";
const POD_KEY = "pod-key-that-must-never-be-seen";

// One suite over all transports: what holds on raw sockets holds behind node:http and behind Next's route handlers.
describe.each<Transport>(["socket", "node", "web"])("the API through %s", (transport) => {
  let pod: Simulator;
  let rig: Awaited<ReturnType<typeof startGatewayRig>>;
  let key: { keyId: string; secret: string };

  beforeAll(async () => {
    pod = await startSimulator({ keys: [POD_KEY], models: [MODEL], tokensPerSecond: 2_000, ttftMs: 5, control: true });
    rig = await startGatewayRig(transport, pod.url, POD_KEY, [MODEL]);
    key = await rig.issueKey();
  });

  afterAll(async () => {
    await rig?.stop();
    await pod?.close();
  });

  const openai = (apiKey = key.secret) => new OpenAI({ apiKey, baseURL: `${rig.url}/v1`, maxRetries: 0 });
  const hello = { model: MODEL, messages: [{ role: "user" as const, content: "Say something about rivers." }] };
  const post = (path: string, body: unknown, init: RequestInit & { secret?: string } = {}) =>
    fetch(rig.url + path, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...init,
      headers: {
        authorization: `Bearer ${init.secret ?? key.secret}`,
        "content-type": "application/json",
        ...init.headers,
      },
    });
  const errorOf = async (response: Response) =>
    (await response.json()).error as { message: string; code: string; param: string | null; type: string };

  test("a chat completion reaches the client as the pod's bytes, and its row says what the client was told", async () => {
    const own = await rig.issueKey();
    const { data, response } = await openai(own.secret)
      .chat.completions.create({ ...hello, max_tokens: 20 })
      .withResponse();
    const rows = await rig.rowsOf(own.keyId);
    expect(rows).toMatchObject([
      {
        request_id: response.headers.get("x-request-id"),
        outcome: "completed",
        status: 200,
        streamed: false,
        token_source: "measured",
        route: "/v1/chat/completions",
        model: MODEL,
        prompt_tokens: data.usage?.prompt_tokens,
        completion_tokens: data.usage?.completion_tokens,
      },
    ]);
  });

  test("a stream's usage is recorded exactly, and shown only to a client that asked for it", async () => {
    const own = await rig.issueKey();
    const told: number[] = [];
    for (const stream_options of [undefined, { include_usage: true }]) {
      const stream = await openai(own.secret).chat.completions.create({
        ...hello,
        max_tokens: 15,
        stream: true,
        stream_options,
      });
      const usages = [];
      for await (const chunk of stream) if (chunk.usage) usages.push(chunk.usage.completion_tokens);
      expect(usages.length).toBe(stream_options ? 1 : 0);
      told.push(...usages);
    }
    const rows = await rig.rowsOf(own.keyId);
    expect(rows.map((row) => [row.outcome, row.streamed, row.completion_tokens, row.token_source])).toEqual(
      Array(2).fill(["completed", true, told[0], "measured"]),
    );
    expect(rows[0]?.ttft_ms).toBeGreaterThanOrEqual(0);
  });

  test("a client that leaves in mid-stream closes the pod's request, and its tokens so far are exact", async () => {
    const own = await rig.issueKey();
    const left = new AbortController();
    const response = await post(
      "/v1/chat/completions",
      { ...hello, max_tokens: 5_000, ignore_eos: true, stream: true, user: "leaver" },
      { secret: own.secret, signal: left.signal },
    );
    const reader = response.body?.getReader();
    for (let i = 0; i < 5; i += 1) await reader?.read();
    left.abort();
    const id = response.headers.get("x-request-id");
    await expect.poll(() => pod.ledger.find(id ?? "")?.outcome).toBe("client_closed");
    const [row] = await pollRows(own.keyId);
    expect(row).toMatchObject({ outcome: "client_closed", status: 200, token_source: "measured" });
    expect(row?.completion_tokens).toBeGreaterThan(0);
    expect(row?.completion_tokens).toBeLessThanOrEqual(pod.ledger.find(id ?? "")?.producedTokens ?? 0);
  });

  test("a client that leaves before a plain answer closes the pod's request as well", async () => {
    const own = await rig.issueKey();
    const left = new AbortController();
    const answer = post(
      "/v1/chat/completions",
      { ...hello, max_tokens: 4_000, ignore_eos: true, user: "plain leaver" },
      { secret: own.secret, signal: left.signal },
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    left.abort();
    await expect(answer).rejects.toThrow();
    const [row] = await pollRows(own.keyId);
    expect(row).toMatchObject({ outcome: "client_closed", status: null, token_source: "unknown" });
    await expect.poll(() => pod.ledger.find(row?.request_id ?? "")?.outcome).toBe("client_closed");
  });

  const pollRows = async (keyId: string) => {
    await expect
      .poll(
        async () =>
          (await rig.rowsOf(keyId)).every((row) => row.outcome !== "open") && (await rig.rowsOf(keyId)).length,
        { timeout: 5_000 },
      )
      .toBeTruthy();
    return rig.rowsOf(keyId);
  };

  test("tools, completions, embeddings, responses and messages work through the official SDKs", async () => {
    const own = await rig.issueKey();
    const client = openai(own.secret);
    const tool = {
      type: "function" as const,
      function: {
        name: "weather",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    };
    const called = await client.chat.completions.create({ ...hello, tools: [tool], tool_choice: "required" });
    const text = await client.completions.create({ model: MODEL, prompt: "Once", max_tokens: 8 });
    const vectors = await client.embeddings.create({ model: MODEL, input: ["a", "b"] });
    const answered = await client.responses.create({ model: MODEL, input: "Hello", max_output_tokens: 9 });
    const anthropic = new Anthropic({ apiKey: own.secret, baseURL: rig.url, maxRetries: 0 });
    const message = await anthropic.messages.create({
      model: MODEL,
      max_tokens: 7,
      messages: [{ role: "user", content: "Hi" }],
    });
    const streamed = await anthropic.messages
      .stream({ model: MODEL, max_tokens: 6, messages: [{ role: "user", content: "Hi" }] })
      .finalMessage();

    expect(called.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: "weather" } });
    const rows = await rig.rowsOf(own.keyId);
    expect(rows.map((row) => [row.route, row.prompt_tokens, row.completion_tokens, row.token_source])).toEqual([
      ["/v1/chat/completions", called.usage?.prompt_tokens, called.usage?.completion_tokens, "measured"],
      ["/v1/completions", text.usage?.prompt_tokens, text.usage?.completion_tokens, "measured"],
      ["/v1/embeddings", vectors.usage.prompt_tokens, 0, "measured"],
      ["/v1/responses", answered.usage?.input_tokens, answered.usage?.output_tokens, "measured"],
      ["/v1/messages", message.usage.input_tokens, message.usage.output_tokens, "measured"],
      ["/v1/messages", streamed.usage.input_tokens, streamed.usage.output_tokens, "measured"],
    ]);
  });

  test("models are listed as far as the key may use them", async () => {
    const narrow = await rig.issueKey({ models: ["another"] });
    expect((await openai().models.list()).data.map(({ id }) => id)).toEqual([MODEL]);
    expect((await openai().models.retrieve(MODEL)).id).toBe(MODEL);
    expect((await openai(narrow.secret).models.list()).data).toEqual([]);
    await expect(openai().models.retrieve("org/none")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });

  test("/health needs a key and tells whether the pod serves", async () => {
    const ask = (headers: HeadersInit) => fetch(`${rig.url}/health`, { headers });
    expect((await ask({})).status).toBe(401);
    const well = await ask({ authorization: `Bearer ${key.secret}` });
    expect([well.status, await well.json()]).toEqual([200, { status: "ok" }]);
    pod.control.set({ state: "dead" });
    const dead = await ask({ authorization: `Bearer ${key.secret}` });
    pod.control.set({ state: "ready" });
    expect([dead.status, (await errorOf(dead)).code]).toEqual([503, "pod_unavailable"]);
  });

  test("refusals before the body: route, credential, type, size", async () => {
    const big = "x".repeat(40 * 1024 * 1024);
    const cases: [Promise<Response>, number, string][] = [
      [post("/v1/nope", hello), 404, "not_found"],
      [post("/v1/chat/completions/", hello), 404, "not_found"],
      [
        fetch(`${rig.url}/v1/chat/completions`, { headers: { authorization: `Bearer ${key.secret}` } }),
        404,
        "not_found",
      ],
      [
        post("/v1/chat/completions", hello, { headers: { authorization: "Bearer sk-vllm-nope" } }),
        401,
        "invalid_api_key",
      ],
      [post("/v1/chat/completions", hello, { headers: { authorization: "" } }), 401, "invalid_api_key"],
      [
        post("/v1/chat/completions", hello, { headers: { "content-type": "text/plain" } }),
        415,
        "unsupported_media_type",
      ],
      [post("/v1/chat/completions", hello, { headers: { "content-encoding": "gzip" } }), 415, "unsupported_media_type"],
      [post("/v1/chat/completions", "[]"), 400, "invalid_request"],
      [post("/v1/chat/completions", { ...hello, model: "none" }), 404, "model_not_found"],
      [post("/v1/chat/completions", { ...hello, n: 1e9 }), 400, "invalid_request"],
      [post("/v1/chat/completions", big), 413, "request_too_large"],
    ];
    for (const [answer, status, code] of cases) {
      const response = await answer;
      expect([response.status, (await errorOf(response)).code], code).toEqual([status, code]);
      expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test("a refused request of a known caller leaves a row; Anthropic's routes answer in Anthropic's shape", async () => {
    const own = await rig.issueKey({ models: ["another"] });
    const response = await post("/v1/messages", hello, { secret: own.secret });
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { type: "error", error: { type: "permission_error" } },
    ]);
    expect(await rig.rowsOf(own.keyId)).toMatchObject([
      { outcome: "rejected", status: 403, error_code: "model_not_allowed", prompt_tokens: 0, model: null },
    ]);
  });

  test("a key is bound to its networks", async () => {
    const elsewhere = await rig.issueKey({ cidrs: ["10.0.0.0/8"] });
    const here = await rig.issueKey({ cidrs: ["127.0.0.0/8", "::1/128"] });
    const refused = await post(
      "/v1/completions",
      { model: MODEL, prompt: "x", max_tokens: 1 },
      { secret: elsewhere.secret },
    );
    expect([refused.status, (await errorOf(refused)).code]).toEqual([403, "ip_not_allowed"]);
    expect(
      (await post("/v1/completions", { model: MODEL, prompt: "x", max_tokens: 1 }, { secret: here.secret })).status,
    ).toBe(200);
  });

  test("an expired key is told when it expired, an unknown one nothing", async () => {
    const expired = await rig.issueKey({ expiresAt: new Date(Date.now() - 60_000) });
    const response = await post("/v1/chat/completions", hello, { secret: expired.secret });
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await errorOf(response)).toMatchObject({
      code: "key_expired",
      message: expect.stringMatching(/expired on \d{4}-/),
    });
  });

  type Case = [
    name: string,
    failure: Omit<Failure, "bodyIncludes">,
    expected: { status: number; code: string; outcome: string },
  ];
  const failing: Case[] = [
    ["refuses our key", { mode: "unauthorized" }, { status: 503, code: "pod_unavailable", outcome: "upstream_error" }],
    [
      "fails with its inside out",
      { mode: "leaky-error" },
      { status: 502, code: "pod_error", outcome: "upstream_error" },
    ],
    [
      "refuses with its inside out",
      { mode: "leaky-400" },
      { status: 400, code: "invalid_request", outcome: "rejected" },
    ],
    ["is overloaded", { mode: "overloaded" }, { status: 503, code: "pod_unavailable", outcome: "upstream_error" }],
    ["limits us", { mode: "rate-limited" }, { status: 429, code: "rate_limit_exceeded", outcome: "upstream_error" }],
    [
      "is loading behind a proxy",
      { mode: "bad-gateway" },
      { status: 503, code: "pod_unavailable", outcome: "upstream_error" },
    ],
    ["hits its proxy's limit", { mode: "timeout-524" }, { status: 504, code: "pod_timeout", outcome: "timeout" }],
    ["sends a web page", { mode: "html" }, { status: 502, code: "pod_error", outcome: "upstream_error" }],
    ["sends nothing", { mode: "empty" }, { status: 502, code: "pod_error", outcome: "upstream_error" }],
    ["sends half an answer", { mode: "truncated-json" }, { status: 502, code: "pod_error", outcome: "upstream_error" }],
    ["redirects", { mode: "redirect" }, { status: 502, code: "pod_error", outcome: "upstream_error" }],
    ["compresses unasked", { mode: "gzip" }, { status: 502, code: "pod_error", outcome: "upstream_error" }],
    ["closes without a word", { mode: "reset" }, { status: 502, code: "pod_error", outcome: "upstream_error" }],
  ];

  test.each(failing)(
    "a pod that %s becomes an error of ours, with nothing of its own in it",
    async (name, failure, expected) => {
      const own = await rig.issueKey();
      for (const stream of [false, true]) {
        const marker = `${name} ${stream} ${transport}`;
        pod.control.fail({ ...failure, bodyIncludes: marker });
        const response = await post("/v1/chat/completions", { ...hello, stream, user: marker }, { secret: own.secret });
        const text = await response.text();
        expect([response.status, JSON.parse(text).error.code]).toEqual([expected.status, expected.code]);
        expect(text + JSON.stringify([...response.headers])).not.toMatch(
          /pod-key|0x[0-9a-f]{6}|Traceback|127\.0\.0\.1:\d|set-cookie|uvicorn/i,
        );
      }
      pod.control.heal();
      const rows = await rig.rowsOf(own.keyId);
      expect(rows.map((row) => [row.outcome, row.status, row.error_code])).toEqual(
        Array(2).fill([expected.outcome, expected.status, expected.code]),
      );
    },
  );

  test.each<[string, Omit<Failure, "bodyIncludes">]>([
    ["cuts the connection", { mode: "cut", afterEvents: 4 }],
    ["ends politely, but early", { mode: "end-early", afterEvents: 4 }],
    ["reports an error", { mode: "stream-error", afterEvents: 4 }],
  ])(
    "a stream whose pod %s ends with an error event, never with [DONE], and with its exact tokens",
    async (name, failure) => {
      const own = await rig.issueKey();
      const marker = `${name} ${transport}`;
      pod.control.fail({ ...failure, bodyIncludes: marker });
      const response = await post(
        "/v1/chat/completions",
        { ...hello, stream: true, max_tokens: 50, user: marker },
        { secret: own.secret },
      );
      const text = await response.text();
      pod.control.heal();
      const last = text.trim().split("\n\n").at(-1) ?? "";
      expect(JSON.parse(last.replace("data: ", "")).error.code).toBe("pod_error");
      expect(text).not.toContain("[DONE]");
      const [row] = await rig.rowsOf(own.keyId);
      expect(row).toMatchObject({
        outcome: "upstream_error",
        status: 200,
        error_code: "pod_error",
        token_source: "measured",
      });
      const sent = pod.ledger.find(response.headers.get("x-request-id") ?? "");
      expect(row?.completion_tokens).toBe(sent?.sentTokens ?? -1);
    },
  );

  test.each<[string, Omit<Failure, "bodyIncludes">]>([
    ["in single bytes", { mode: "split-bytes" }],
    ["with CRLF", { mode: "crlf" }],
    ["among comments", { mode: "comments" }],
    ["two events at a time", { mode: "merged-events" }],
  ])("a stream that comes %s is whole and exact", async (name, failure) => {
    const own = await rig.issueKey();
    const marker = `${name} ${transport}`;
    pod.control.fail({ ...failure, bodyIncludes: marker });
    const stream = await openai(own.secret).chat.completions.create({
      ...hello,
      stream: true,
      max_tokens: 30,
      user: marker,
    });
    let chunks = 0;
    for await (const chunk of stream) chunks += chunk.choices.length;
    pod.control.heal();
    expect(chunks).toBeGreaterThan(3);
    expect(await rig.rowsOf(own.keyId)).toMatchObject([{ outcome: "completed", token_source: "measured" }]);
  });

  test("the pod sees our key, our id, our headers and nothing of the client's", async () => {
    const response = await post(
      "/v1/completions",
      { model: MODEL, prompt: "x", max_tokens: 1 },
      {
        headers: {
          cookie: "a=b",
          "x-data-parallel-rank": "3",
          "x-request-id": "mine",
          "x-portkey-custom-host": "http://evil.example.org",
          "user-agent": "curious",
        },
      },
    );
    const seen = pod.ledger.find(response.headers.get("x-request-id") ?? "");
    expect(seen?.path).toBe("/v1/completions");
    const names = Object.keys(seen?.headers ?? {}).sort();
    expect(names).toEqual([
      "accept",
      "accept-encoding",
      "authorization",
      "content-length",
      "content-type",
      "host",
      "x-request-id",
    ]);
    expect(seen?.headers.authorization).toBe(`Bearer ${POD_KEY}`);
  });
});
