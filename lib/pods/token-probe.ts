import { openPodLine, type PodSaid } from "./ask-pod";
import type { Target } from "./test-connection";

/** `unclear`: the pod is too busy to say, or serves no text. */
export type TokenVerdict = "tokens" | "none" | "unclear";

/** An engine that can't make one token in this time makes none: it is asked only while nothing waits. */
const DEADLINE_MS = 30_000;

/**
 * Asks a pod for a single token, as nobody's request: it costs no member anything and is recorded nowhere. Never throws.
 */
export async function probeForToken(
  { baseUrl, apiKey }: Target,
  model: string,
  deadlineMs = DEADLINE_MS,
): Promise<TokenVerdict> {
  const { ask, close } = openPodLine(baseUrl, deadlineMs);
  try {
    const body = JSON.stringify({ model, prompt: "Hi", max_tokens: 1, temperature: 0 });
    return verdictOn(await ask({ path: "/v1/completions", apiKey, body }));
  } catch {
    return "none";
  } finally {
    await close();
  }
}

function verdictOn({ status, body }: PodSaid): TokenVerdict {
  if (status === 200) return hasChoices(body) ? "tokens" : "none";
  // Busy says 503 and 429, a model that is no language model 400 or 404, a wrong key 401: none of them is about tokens.
  return status === 500 || status === 504 || status === 524 ? "none" : "unclear";
}

function hasChoices(body: string) {
  try {
    const { choices } = JSON.parse(body) as { choices?: unknown };
    return Array.isArray(choices) && choices.length > 0;
  } catch {
    return false;
  }
}
