/** What an answer cost and how quick it was. Tokens are the pod's own count; times are what this browser saw. */
export type Figures = {
  promptTokens: number | null;
  completionTokens: number | null;
  ttftMs: number | null;
  tokensPerSecond: number | null;
};

/** Why there is no answer, or only a part of one. `code` is of the catalogue; null where nothing of ours has answered. */
export type Refusal = { code: string | null; message: string };

export type Question = { role: "user"; id: number; text: string };

export type Answer = {
  role: "assistant";
  id: number;
  model: string;
  text: string;
  /** What the model thought before it answered, where the pod tells it apart. */
  reasoning: string;
  /** `cut`: the limit on tokens ended it. */
  state: "answering" | "complete" | "cut" | "stopped" | "failed";
  refusal: Refusal | null;
  figures: Figures;
  requestId: string | null;
};

export type Turn = Question | Answer;

/** What is chosen beside the conversation; empty means the pod's own default. */
export type Settings = { system: string; temperature: string; maxTokens: string };

export const NO_SETTINGS: Settings = { system: "", temperature: "", maxTokens: "" };
export const NO_FIGURES: Figures = { promptTokens: null, completionTokens: null, ttftMs: null, tokensPerSecond: null };

type Message = { role: "system" | "user" | "assistant"; content: string };

export type ChatBody = {
  model: string;
  messages: Message[];
  temperature?: number;
  max_tokens?: number;
  stream: true;
  stream_options: { include_usage: true; continuous_usage_stats: true };
};

/** The request that continues a conversation. An answer that never came is left out; a stopped one counts as far as it got. */
export function bodyOf(turns: readonly Turn[], model: string, settings: Settings): ChatBody {
  const system = settings.system.trim();
  const temperature = numberIn(settings.temperature);
  const maxTokens = numberIn(settings.maxTokens);
  return {
    model,
    messages: [
      ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
      ...turns.flatMap(({ role, text }) => (role === "assistant" && text === "" ? [] : [{ role, content: text }])),
    ],
    ...(temperature === null ? {} : { temperature }),
    ...(maxTokens === null ? {} : { max_tokens: Math.round(maxTokens) }),
    stream: true,
    // Usage in every event: whoever stops in the middle knows what it came to.
    stream_options: { include_usage: true, continuous_usage_stats: true },
  };
}

function numberIn(text: string): number | null {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value) ? null : value;
}

/** Shorter than this between first and last, an answer's pace is that of one read of the network. */
const SHORTEST_MEASURED_MS = 100;

/** Tokens a second between the first and the last: the wait for the first is told apart. Null where it was over too soon to tell. */
export function speedOf(completionTokens: number | null, firstAt: number | null, lastAt: number): number | null {
  if (completionTokens === null || completionTokens < 2 || firstAt === null) return null;
  if (lastAt - firstAt < SHORTEST_MEASURED_MS) return null;
  return ((completionTokens - 1) / (lastAt - firstAt)) * 1_000;
}
