import type { Kind } from "./routes";

/** An answer whose length the caller leaves open is taken for a long one. */
const UNCAPPED_OUTPUT = 2_048;

const GENERATES = new Set<Kind>(["chat", "completions", "responses", "messages", "audio"]);

/** The most tokens the answers to a checked body are expected to take, together. */
export function outputEstimateOf(kind: Kind, body: Readonly<Record<string, unknown>>): number {
  if (!GENERATES.has(kind)) return 0;
  const caps = [body.max_tokens, body.max_completion_tokens, body.max_output_tokens].map((cap) => countOf(cap));
  const cap = Math.max(...caps) || UNCAPPED_OUTPUT;
  const answers = Math.max(1, countOf(body.n), countOf(body.best_of));
  return cap * answers * promptsIn(body.prompt);
}

function countOf(value: unknown) {
  return typeof value === "number" && value >= 1 ? value : 0;
}

/** `prompt` may be a text, a list of token ids, or a list of either, each of which is answered. */
function promptsIn(prompt: unknown) {
  return Array.isArray(prompt) && typeof prompt[0] !== "number" ? Math.max(1, prompt.length) : 1;
}
