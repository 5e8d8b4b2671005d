/** What a test request came to: its figures, or what went wrong and the cure. */
export type TestOutcome =
  | { ok: true; status: number; tookMs: number; model: string; promptTokens: number; completionTokens: number }
  | { ok: false; status: number | null; tookMs: number; message: string };

type Answer = {
  model?: string;
  usage?: { prompt_tokens?: number; completion_tokens?: number };
  error?: { message?: string };
};

/**
 * One real call through the product with a secret just made, from this page's own origin. Sixteen tokens at most: it is
 * to prove the way, not to be read.
 */
export async function sendTestRequest(secret: string, model: string, signal?: AbortSignal): Promise<TestOutcome> {
  const startedAt = performance.now();
  const tookMs = () => Math.round(performance.now() - startedAt);
  try {
    const response = await fetch("/v1/chat/completions", {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify({ model, max_tokens: 16, messages: [{ role: "user", content: "Say hello." }] }),
      credentials: "omit",
      cache: "no-store",
      signal,
    });
    const answer = (await response.json().catch(() => ({}))) as Answer;
    if (!response.ok) {
      const message = answer.error?.message ?? "The answer was not from Podpass. Check what stands in front of it.";
      return { ok: false, status: response.status, tookMs: tookMs(), message };
    }
    return {
      ok: true,
      status: response.status,
      tookMs: tookMs(),
      model: answer.model ?? model,
      promptTokens: answer.usage?.prompt_tokens ?? 0,
      completionTokens: answer.usage?.completion_tokens ?? 0,
    };
  } catch {
    const message = "The request did not arrive. Check your connection and try again.";
    return { ok: false, status: null, tookMs: tookMs(), message };
  }
}
