import { expect, test } from "vitest";
import { MESSAGES, NamedStream } from "./named-stream";
import { OpenAiStream } from "./openai-stream";
import { StreamRelay } from "./stream-relay";

const NOTHING_ASKED = { include: false, continuous: false };
const chunk = (index: number, prompt: number, completion: number) =>
  `data: {"id":"x","choices":[{"index":${index},"text":"a"}],"usage":{"prompt_tokens":${prompt},"completion_tokens":${completion}}}\n\n`;
const last = (prompt: number, completion: number) =>
  `data: {"id":"x","choices":[],"usage":{"prompt_tokens":${prompt},"completion_tokens":${completion}},"system_fingerprint":"v"}\n\n`;

function tokensOf(reader: OpenAiStream | NamedStream, events: string[]) {
  for (const event of events) reader.read(Buffer.from(event), 0, Buffer.byteLength(event));
  return reader.tokens();
}

test("choices of one prompt are summed where a stream is cut, the prompt counts once", () => {
  const events = [chunk(0, 12, 5), chunk(1, 12, 7), chunk(2, 12, 1), chunk(0, 12, 6)];
  const cut = tokensOf(new OpenAiStream(NOTHING_ASKED, 0, 3), events);
  expect(cut).toEqual({ prompt: 12, cached: 0, completion: 14, source: "measured" });
});

test("each prompt of a list counts, with all of its choices", () => {
  const events = [chunk(0, 1, 2), chunk(1, 1, 2), chunk(2, 10, 3), chunk(3, 10, 4)];
  expect(tokensOf(new OpenAiStream(NOTHING_ASKED, 0, 2), events)).toMatchObject({ prompt: 11, completion: 11 });
});

test("the last chunk's total replaces the sum", () => {
  const events = [chunk(0, 1, 2), chunk(1, 10, 2), last(11, 6)];
  expect(tokensOf(new OpenAiStream(NOTHING_ASKED), events)).toMatchObject({
    prompt: 11,
    completion: 6,
    source: "measured",
  });
});

test("a total out of range makes the sum an estimate", () => {
  const events = [chunk(0, 12, 5), chunk(1, 12, 7), last(12, -1)];
  expect(tokensOf(new OpenAiStream(NOTHING_ASKED, 0, 2), events)).toMatchObject({
    completion: 12,
    source: "estimated",
  });
});

test("an answer that the pod ended by itself is broken off, not finished, and keeps its count", () => {
  const aborted =
    'data: {"id":"x","choices":[{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":"abort","stop_reason":null,"token_ids":null}],"usage":{"prompt_tokens":12,"completion_tokens":9}}\n\n';
  const reader = new OpenAiStream(NOTHING_ASKED);
  const stream = new StreamRelay(reader);
  const out = stream.push(Buffer.from(`${chunk(0, 12, 8)}${aborted}${last(12, 9)}data: [DONE]\n\n`)).toString();
  expect(out).not.toMatch(/abort|DONE/);
  expect(reader).toMatchObject({ isDone: false, podError: expect.any(String) });
  expect(reader.tokens()).toMatchObject({ prompt: 12, completion: 9, source: "measured" });
});

test("Messages tell cached tokens apart from the rest of the prompt", () => {
  const delta =
    'event: message_delta\ndata: {"usage":{"input_tokens":28,"output_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":384}}\n\n';
  expect(tokensOf(new NamedStream(MESSAGES), [delta])).toEqual({
    prompt: 412,
    cached: 384,
    completion: 1,
    source: "measured",
  });
});
