import fc from "fast-check";
import { expect, test } from "vitest";
import { MESSAGES, NamedStream, RESPONSES } from "./named-stream";
import { OpenAiStream, type UsageWish } from "./openai-stream";
import { StreamRelay } from "./stream-relay";

const usage = (completion: number) =>
  `{"prompt_tokens":12,"total_tokens":${12 + completion},"completion_tokens":${completion}}`;
const head = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[';
const piece = (content: string) =>
  `${head}{"index":0,"delta":{"content":${JSON.stringify(content)}},"finish_reason":null}]`;

/** A chat stream as vLLM 0.32 sends it, with all that Podpass asks for. */
const pieces = ["Hi", ' "usage":{"prompt_tokens":9} ', ',"usage":{', "ü\n\n", "}}"];
const full = [
  `data: ${head}{"index":0,"delta":{"role":"assistant","content":""}}],"usage":${usage(0)},"prompt_token_ids":null,"prompt_text":null}`,
  ...pieces.map((content, index) => `data: ${piece(content)},"usage":${usage(index + 1)}}`),
  `data: ${head}],"usage":${usage(pieces.length)},"system_fingerprint":"vllm"}`,
  "data: [DONE]",
];
const withoutUsage = full.map((event) =>
  event.includes('"choices":[]')
    ? event
    : event.replace(/,"usage":\{"prompt_tokens":12,[^}]*\}(?=\}$|,"prompt_token_ids)/, ""),
);
const text = (events: string[]) => events.map((event) => `${event}\n\n`).join("");

function relay(reader: OpenAiStream | NamedStream, chunks: Buffer[]) {
  const stream = new StreamRelay(reader);
  const out = chunks.map((chunk) => stream.push(chunk)).join("") + stream.finish();
  return Buffer.from(out, "latin1").toString("utf8");
}

const wishes: [string, UsageWish, string[]][] = [
  [
    "nothing asked: no usage at all, no chunk without choices",
    { include: false, continuous: false },
    withoutUsage.filter((e) => !e.includes('"choices":[]')),
  ],
  ["include_usage: only in the last chunk", { include: true, continuous: false }, withoutUsage],
  ["continuous_usage_stats: everywhere", { include: true, continuous: true }, full],
];

test.each(wishes)("%s, wherever the bytes were split", (_, wish, expected) => {
  const bytes = Buffer.from(text(full));
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (places) => {
      const cuts = [0, ...places.sort((a, b) => a - b), bytes.length];
      const reader = new OpenAiStream(wish);
      expect(
        relay(
          reader,
          cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end)),
        ),
      ).toBe(text(expected));
      expect(reader.tokens()).toEqual({ prompt: 12, cached: 0, completion: pieces.length, source: "measured" });
      expect(reader.isDone).toBe(true);
    }),
  );
});

test("cut after any byte, the tokens are those of the last whole event, and nothing looks finished", () => {
  const bytes = Buffer.from(text(full));
  for (let cut = 0; cut < bytes.length - 20; cut += 1) {
    const reader = new OpenAiStream({ include: false, continuous: false });
    const out = relay(reader, [bytes.subarray(0, cut)]);
    const events = bytes.subarray(0, cut).toString().split("\n\n").length - 1;
    expect(reader.isDone).toBe(false);
    expect(out).not.toContain("[DONE]");
    const completion = Math.min(events - 1, pieces.length);
    expect(reader.tokens()).toMatchObject(events === 0 ? { source: "unknown" } : { completion, source: "measured" });
  }
});

test.each(["\n", "\r\n", "\r"])(
  "split anywhere, a stream with %j keeps its blank lines whole around what is left out, and after its end mark",
  (lineEnd) => {
    const as = (events: string[]) => events.map((event) => event + lineEnd + lineEnd).join("");
    const bytes = Buffer.from(as([...full.slice(0, 2), ...full.slice(-2)]));
    const expected = as([...withoutUsage.slice(0, 2), ...full.slice(-1)]);
    for (let first = 0; first <= bytes.length; first += 1) {
      for (const second of [first + 1, first + 2, bytes.length - 1]) {
        const reader = new OpenAiStream({ include: false, continuous: false });
        const out = relay(reader, [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]);
        expect([out, reader.isDone]).toEqual([expected, true]);
      }
    }
  },
);

test("CRLF, comments and other spellings change neither bytes nor numbers", () => {
  const spaced = `: ping\r\n\r\ndata: {"usage": {"prompt_tokens": 3, "completion_tokens": 4}, "choices": [{"delta": {}}]}\r\n\r\ndata: [DONE]\r\n\r\n`;
  const reader = new OpenAiStream({ include: false, continuous: false });
  expect(relay(reader, [Buffer.from(spaced)])).toBe(
    ': ping\r\n\r\ndata: {"choices": [{"delta": {}}]}\r\n\r\ndata: [DONE]\r\n\r\n',
  );
  expect(reader.tokens()).toEqual({ prompt: 3, cached: 0, completion: 4, source: "measured" });
});

test("a nested member called usage is neither counted nor taken out", () => {
  const event =
    'data: {"choices":[{"delta":{"x":{"a":1,"usage":{"prompt_tokens":1,"completion_tokens":1}}}}],"usage":{"prompt_tokens":5,"completion_tokens":6},"y":1}\n\n';
  const nested = 'data: {"choices":[{"delta":{"a":1,"usage":{"prompt_tokens":1,"completion_tokens":1}}}]}\n\n';
  const reader = new OpenAiStream({ include: false, continuous: false });
  expect(relay(reader, [Buffer.from(event + nested)])).toBe(
    event.replace(/,"usage":\{"prompt_tokens":5,"completion_tokens":6\}/, "") + nested,
  );
  expect(reader.tokens()).toMatchObject({ prompt: 5, completion: 6 });
});

test("numbers out of range are not believed: the word before them counts, marked as an estimate", () => {
  const bad = (value: string) => `data: {"choices":[{}],"usage":{"prompt_tokens":5,"completion_tokens":${value}}}\n\n`;
  for (const value of ["-1", "1e30", '"7"', "1.5", "null,", "[]"]) {
    const reader = new OpenAiStream({ include: true, continuous: true });
    relay(reader, [Buffer.from(bad("2") + bad(value))]);
    expect(reader.tokens()).toEqual({ prompt: 5, cached: 0, completion: 2, source: "estimated" });
  }
});

test("a last chunk whose numbers are not believed is not counted as a piece of text", () => {
  const reader = new OpenAiStream({ include: false, continuous: false }, 7);
  relay(reader, [Buffer.from(`data: ${head}],"usage":${usage(-1)}}\n\ndata: [DONE]\n\n`)]);
  expect(reader.tokens()).toMatchObject({ prompt: 7, completion: 0, source: "estimated" });
});

test("the pod's error event never passes, nor does the [DONE] that follows it", () => {
  const reader = new OpenAiStream({ include: false, continuous: false });
  const out = relay(reader, [
    Buffer.from(`${full[0]}\n\ndata: {"error":{"message":"engine died","code":500}}\n\ndata: [DONE]\n\n`),
  ]);
  expect([out.includes("error"), out.includes("[DONE]"), reader.podError, reader.isDone]).toEqual([
    false,
    false,
    "engine died",
    false,
  ]);
});

test("an end mark that lacks only its blank line is an end; a torn one is not", () => {
  for (const [rest, isDone] of [
    ["data: [DONE]", true],
    ["data: [DONE]\n", true],
    ["data: [DON", false],
  ] as const) {
    const reader = new OpenAiStream({ include: false, continuous: false });
    const out = relay(reader, [Buffer.from(`${full[1]}\n\n${rest}`)]);
    expect([reader.isDone, out.endsWith("data: [DONE]\n\n")]).toEqual([isDone, isDone]);
  }
});

const messages = [
  'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":12,"output_tokens":0}}}',
  'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"a"},"index":0}',
  'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"b"},"index":0}',
  'event: message_delta\ndata: {"type":"message_delta","delta":{},"usage":{"input_tokens":12,"output_tokens":7}}',
  'event: message_stop\ndata: {"type":"message_stop"}',
];

test("Messages streams pass untouched; totals are measured, a cut stream's are an estimate", () => {
  const whole = new NamedStream(MESSAGES);
  expect(relay(whole, [Buffer.from(text(messages))])).toBe(text(messages));
  expect([whole.tokens(), whole.isDone]).toEqual([{ prompt: 12, cached: 0, completion: 7, source: "measured" }, true]);
  const cut = new NamedStream(MESSAGES);
  relay(cut, [Buffer.from(text(messages.slice(0, 3)))]);
  expect([cut.tokens(), cut.isDone]).toEqual([{ prompt: 12, cached: 0, completion: 2, source: "estimated" }, false]);
});

test("Responses streams tell their totals at the end", () => {
  const events = [
    'event: response.created\ndata: {"response":{"usage":null},"type":"response.created"}',
    'event: response.output_text.delta\ndata: {"delta":"a","type":"response.output_text.delta"}',
    'event: response.completed\ndata: {"response":{"tools":[{"usage":{"type":"string"}}],"usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":4},"output_tokens":2},"user":null},"type":"response.completed"}',
  ];
  const reader = new NamedStream(RESPONSES);
  expect(relay(reader, [Buffer.from(text(events))])).toBe(text(events));
  expect([reader.tokens(), reader.isDone]).toEqual([
    { prompt: 12, cached: 4, completion: 2, source: "measured" },
    true,
  ]);
});
