import type { Refusal } from "./conversation";

/** What one event of the stream brings. */
export type Piece = {
  text: string;
  reasoning: string;
  usage: { promptTokens: number; completionTokens: number } | null;
  finish: string | null;
  refusal: Refusal | null;
};

type Chunk = {
  choices?: {
    delta?: { content?: string | null; reasoning?: string | null; reasoning_content?: string | null };
    finish_reason?: string | null;
  }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: { message?: string; code?: string | null };
};

const BROKEN: Refusal = {
  code: null,
  message: "The connection broke off before the answer was complete. Check your connection and ask again.",
};

/** A stream's pieces until its end mark. A stream that ends without one has broken off, and its last piece says so. */
export async function* readChat(body: ReadableStream<Uint8Array>): AsyncGenerator<Piece> {
  for await (const data of eventsOf(body)) {
    if (data === "[DONE]") return;
    const piece = pieceOf(data);
    if (piece === null) continue;
    yield piece;
    if (piece.refusal !== null) return;
  }
  yield { text: "", reasoning: "", usage: null, finish: null, refusal: BROKEN };
}

/** One event's JSON as a piece; null for what is none. */
function pieceOf(data: string): Piece | null {
  let chunk: Chunk;
  try {
    chunk = JSON.parse(data) as Chunk;
  } catch {
    return null;
  }
  const choice = chunk.choices?.[0];
  const delta = choice?.delta;
  return {
    text: delta?.content ?? "",
    // Both names are in use for the same thing.
    reasoning: delta?.reasoning ?? delta?.reasoning_content ?? "",
    usage: chunk.usage
      ? { promptTokens: chunk.usage.prompt_tokens ?? 0, completionTokens: chunk.usage.completion_tokens ?? 0 }
      : null,
    finish: choice?.finish_reason ?? null,
    refusal: chunk.error ? refusalIn(chunk) : null,
  };
}

/** The data of each server-sent event. Comments, which keep proxies awake, say nothing. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (held + value).split(/\r?\n\r?\n/);
      held = events.pop() ?? "";
      for (const event of events) {
        const lines = event.split(/\r?\n/).flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trim()] : []));
        if (lines.length > 0) yield lines.join("\n");
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** What a refused request was told. */
export async function refusalOf(response: Response): Promise<Refusal> {
  return refusalIn((await response.json().catch(() => ({}))) as Chunk);
}

function refusalIn({ error }: Chunk): Refusal {
  const message = error?.message ?? "The answer was not from Podpass. Check what stands in front of it.";
  return { code: error?.code ?? null, message };
}
