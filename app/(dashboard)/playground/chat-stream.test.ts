import { expect, test } from "vitest";
import { type Piece, readChat, refusalOf } from "./chat-stream";

const bytes = new TextEncoder();

/** A stream that arrives in pieces of `size` bytes. */
function streamOf(text: string, size = 1_000) {
  const all = bytes.encode(text);
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < all.length; at += size) controller.enqueue(all.slice(at, at + size));
      controller.close();
    },
  });
}

async function piecesOf(text: string, size?: number) {
  const pieces: Piece[] = [];
  for await (const piece of readChat(streamOf(text, size))) pieces.push(piece);
  return pieces;
}

const chunk = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`;
const says = (delta: object, more: object = {}) => chunk({ choices: [{ delta, ...more }] });

test("words, reasoning and exact usage come through however the bytes are cut", async () => {
  const text =
    says({ role: "assistant", content: "" }) +
    says({ reasoning_content: "Hm, " }) +
    says({ reasoning: "yes." }) +
    ": a proxy stays awake\n\n" +
    says({ content: "Grüße 🎟" }, { finish_reason: "stop" }) +
    chunk({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 5 } }) +
    "data: [DONE]\n\n";
  for (const size of [1, 3, 1_000]) {
    for (const lines of [text, text.replaceAll("\n", "\r\n")]) {
      const pieces = await piecesOf(lines, size);
      expect(pieces.map((piece) => piece.reasoning).join("")).toBe("Hm, yes.");
      expect(pieces.map((piece) => piece.text).join("")).toBe("Grüße 🎟");
      expect(pieces.at(-1)?.usage).toEqual({ promptTokens: 12, completionTokens: 5 });
      expect(pieces.every(({ refusal }) => refusal === null)).toBe(true);
    }
  }
});

test("an error within the stream ends it in its own words", async () => {
  const error = { error: { message: "The pod failed.", code: "pod_error" } };
  const pieces = await piecesOf(says({ content: "Half" }) + chunk(error) + says({ content: "never seen" }));
  expect(pieces.at(-1)?.refusal).toEqual({ code: "pod_error", message: "The pod failed." });
  expect(pieces).toHaveLength(2);
});

test("a stream without its end mark has broken off, and says so", async () => {
  expect((await piecesOf(says({ content: "Half" }))).at(-1)?.refusal?.message).toContain("broke off");
});

test("a refusal keeps its own words; what is not from us is said to be so", async () => {
  const error = { message: "Too many requests. Try again in 12 s.", code: "rate_limit_exceeded" };
  expect(await refusalOf(Response.json({ error }, { status: 429 }))).toEqual(error);
  const strange = await refusalOf(new Response("<h1>502</h1>", { status: 502 }));
  expect(strange).toMatchObject({ code: null, message: expect.stringContaining("not from Podpass") });
});
