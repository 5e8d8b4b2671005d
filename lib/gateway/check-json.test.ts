import { expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import { checkJson } from "./check-json";
import type { Kind } from "./routes";

const chat = (fields: object) => ({ model: "m", messages: [{ role: "user", content: "hi" }], ...fields });
const check = (body: unknown, kind: Kind = "chat", isStrict = false) =>
  checkJson(kind, Buffer.from(typeof body === "string" ? body : JSON.stringify(body)), isStrict);
const refusal = (body: unknown, kind: Kind = "chat", isStrict = false) => {
  try {
    check(body, kind, isStrict);
    return null;
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, param: error.param, status: error.answer.status };
    throw error;
  }
};

test("a plain request passes byte for byte", () => {
  const text =
    '{ "model":"m", "messages":[{"role":"user","content":"h\\u0069"}], "seed":12345678901234567890, "x_unknown":1.0 }';
  expect(check(text).body.toString()).toBe(text);
});

test("a stream is asked for usage in every chunk, and the client's own wish is remembered", () => {
  const checked = check(
    '{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":false,"x":1},"top_p":1.0}',
  );
  expect(checked.body.toString()).toBe(
    '{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true,"x":1,"continuous_usage_stats":true},"top_p":1.0}',
  );
  expect(checked.wish).toEqual({ include: false, continuous: false });
});

test.each(["[]", '"x"', "null", "1", "{", "", "{} x", Buffer.from([0x7b, 0xff, 0x7d]).toString("latin1")])(
  "not a JSON object: %s",
  (text) => {
    expect(refusal(text)).toMatchObject({ code: "invalid_request", status: 400 });
  },
);

test.each([
  ["a missing model", { messages: [{ role: "user", content: "" }] }, "model"],
  ["a model that is a list", chat({ model: ["m"] }), "model"],
  ["a model of 10k characters", chat({ model: "m".repeat(10_000) }), "model"],
  ["no messages", { model: "m" }, "messages"],
  ["an empty conversation", chat({ messages: [] }), "messages"],
  ["10,000 messages", chat({ messages: Array(10_000).fill({ role: "user", content: "x" }) }), "messages"],
  ["an unknown role", chat({ messages: [{ role: "root", content: "x" }] }), "messages"],
  ["n far too large", chat({ n: 1e9 }), "n"],
  ["n negative", chat({ n: -1 }), "n"],
  ["n a fraction", chat({ n: 1.5 }), "n"],
  ["n as text", chat({ n: "2" }), "n"],
  ["best_of too large", chat({ best_of: 1000 }), "best_of"],
  ["logprobs too many", chat({ logprobs: 1e6 }), "logprobs"],
  ["max_tokens too large", chat({ max_tokens: 1e12 }), "max_tokens"],
  ["max_tokens negative", chat({ max_tokens: -1 }), "max_tokens"],
  ["max_tokens zero", chat({ max_tokens: 0 }), "max_tokens"],
  ["two caps that differ", chat({ max_tokens: 5, max_completion_tokens: 6 }), "max_completion_tokens"],
  ["stream as text", chat({ stream: "true" }), "stream"],
  ["stream as a number", chat({ stream: 1 }), "stream"],
  ["include_usage as text", chat({ stream_options: { include_usage: "yes" } }), "stream_options"],
  ["template arguments that are not plain", chat({ chat_template_kwargs: { a: { b: 1 } } }), "chat_template_kwargs"],
  [
    "a schema 10,000 levels deep",
    `{"model":"m","messages":[{"role":"user","content":"x"}],"tools":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
    null,
  ],
  ["tools of a megabyte", chat({ tools: [{ description: "x".repeat(1_000_000) }] }), "tools"],
])("%s is refused, naming the field", (_, body, param) => {
  expect(refusal(body)).toMatchObject({ status: 400, param });
});

test("null counts as not given, as in OpenAI's schema", () => {
  expect(refusal(chat({ max_tokens: null, stream: null, stream_options: null, n: null, user: null }))).toBeNull();
});

test("a doubled field is refused, however it is spelled", () => {
  const text = '{"model":"a","messages":[{"role":"user","content":"x"}],"mod\\u0065l":"b"}';
  expect(refusal(text)).toMatchObject({ code: "invalid_request", param: "model" });
});

test.each(
  `priority request_id cache_salt kv_transfer_params chat_template prompt_embeds logprob_token_ids media_io_kwargs
  mm_processor_kwargs api_base base_url api_key custom_host headers extra_headers extra_body url user_config`.split(
    /\s+/,
  ),
)("%s never reaches a pod, strict fields or not", (field) => {
  for (const isStrict of [false, true]) {
    expect(refusal(chat({ [field]: 0 }), "chat", isStrict)).toMatchObject({
      code: "unsupported_parameter",
      param: field,
    });
  }
});

test("an unknown field passes, and is refused under strict fields", () => {
  expect([refusal(chat({ brand_new: 1 })), refusal(chat({ brand_new: 1 }), "chat", true)?.code]).toEqual([
    null,
    "unsupported_parameter",
  ]);
});

test.each([
  ["a regex", { structured_outputs: { regex: "(a+)+$" } }, "structured_outputs"],
  ["a grammar", { guided_grammar: "root ::= x" }, "guided_grammar"],
  [
    "a pattern in a tool",
    {
      tools: [
        {
          type: "function",
          function: { name: "f", parameters: { type: "object", properties: { a: { type: "string", pattern: "x" } } } },
        },
      ],
    },
    "tools",
  ],
])("%s asks for the pod's switch", (_, fields, param) => {
  expect(check(chat(fields)).needs).toEqual([{ by: "patterns", param }]);
});

test("a tool's parameter that happens to be called pattern is not a pattern", () => {
  const tools = [
    {
      type: "function",
      function: { name: "grep", parameters: { type: "object", properties: { pattern: { type: "string" } } } },
    },
  ];
  expect(check(chat({ tools, structured_outputs: { choice: ["a"] } })).needs).toEqual([]);
});

const picture = (url: string) =>
  chat({ messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }] });

test.each([
  "file:///etc/passwd",
  "ftp://a.example.org/x",
  "http://127.0.0.1/x",
  "http://2130706433/x",
  "http://0177.0.0.1/x",
  "http://[::]/x",
  "http://localhost/x",
  "http://localhost./x",
  "https://pod.internal/x",
  "https://metadata.google.internal/x",
  "https://u:p@example.org/x",
  "https://intranet/x",
  "data:text/html;base64,AAAA",
  "javascript:1",
])("media at %s is refused", (url) => {
  expect(refusal(picture(url))).toMatchObject({ status: 400, param: "messages" });
});

test("public pictures pass if the pod allows them, inline ones always", () => {
  expect(check(picture("https://upload.example.org/a.png")).needs).toEqual([{ by: "remoteMedia", param: "messages" }]);
  expect(check(picture("data:image/png;base64,AAAA")).needs).toEqual([]);
  expect(refusal(picture(`data:image/png;base64,${"A".repeat(20 * 1024 * 1024)}`))).toMatchObject({ status: 400 });
});
