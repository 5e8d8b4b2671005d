import { NEVER_FIELDS } from "@/lib/gateway/request-rules";

const never = NEVER_FIELDS.map(({ field, why }) => `- \`${field}\`: ${why}`).join("\n");

export const INTRODUCTION = `Call it as you would call vLLM or OpenAI, with a personal key in \`Authorization\`.

Request bodies reach the pod as they were sent, and answers reach you as the pod sent them. Fields that are not listed pass
unchanged, unless the team's policy allows only documented ones. These are always refused:

${never}

Paths match exactly: no other spelling, case, slash or encoding, and no redirect. Every answer carries \`x-request-id\`, which
finds the request in the dashboard and in the log. A stream that fails after it began ends with one error event and without
\`[DONE]\`.`;

export const TAGS = [
  { name: "Generate", description: "Text from a model, whole or streamed." },
  { name: "Understand", description: "Vectors, scores, tokens and transcripts." },
  { name: "Look", description: "What there is, and how it is." },
  { name: "Operate", description: "For balancers and monitoring. No personal key." },
] as const;

export const HEADERS = {
  "x-request-id": {
    description: "The request's id: a UUIDv7, the same in the dashboard, in the log and at the pod.",
    schema: { type: "string", format: "uuid" },
  },
  "retry-after": {
    description: "Whole seconds after which the same request has a chance.",
    schema: { type: "integer", minimum: 1 },
  },
  "x-podpass-pod-state": {
    description: "Why no pod serves, where that is the reason.",
    schema: {
      type: "string",
      enum: ["loading", "asleep", "unreachable", "refusing_key", "failing", "unknown", "none"],
    },
  },
  "x-podpass-queue-ms": {
    description:
      "How long the call waited, for a pod that was loading or for its turn; absent where nothing can be waited for.",
    schema: { type: "integer", minimum: 0 },
  },
  "x-should-retry": {
    description: "`false` where repeating the request can't help. OpenAI's and Anthropic's SDKs obey it.",
    schema: { type: "string", enum: ["false"] },
  },
} as const;

type RouteWords = {
  id: string;
  tag: (typeof TAGS)[number]["name"];
  summary: string;
  request?: unknown;
  answer: unknown;
  /** Events of a stream, where the route has streams. */
  events?: string;
};

const MODEL = "llama-3.1-8b";
const hello = [{ role: "user", content: "Say hello." }];
const usage = { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 };
const model = { id: MODEL, object: "model", created: 1_760_000_000, owned_by: "vllm", max_model_len: 8_192 };
const transcript = { text: "Hello there." };
const audio = { file: "(the audio file)", model: "whisper-large-v3" };

/** What each route is called and looks like, by its path. */
export const ROUTE_WORDS: Readonly<Record<string, RouteWords>> = {
  "/v1/chat/completions": {
    id: "createChatCompletion",
    tag: "Generate",
    summary: "Answer a conversation",
    request: { model: MODEL, messages: hello, stream: true },
    answer: {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1_760_000_000,
      model: MODEL,
      choices: [{ index: 0, message: { role: "assistant", content: "Hello!" }, finish_reason: "stop" }],
      usage,
    },
    events:
      'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hello!"}}]}\n\ndata: [DONE]\n\n',
  },
  "/v1/completions": {
    id: "createCompletion",
    tag: "Generate",
    summary: "Continue a text",
    request: { model: MODEL, prompt: "Once upon a time", max_tokens: 16 },
    answer: {
      id: "cmpl-1",
      object: "text_completion",
      created: 1_760_000_000,
      model: MODEL,
      choices: [{ index: 0, text: " there was a pod.", finish_reason: "stop" }],
      usage,
    },
    events:
      'data: {"id":"cmpl-1","object":"text_completion","choices":[{"index":0,"text":" there"}]}\n\ndata: [DONE]\n\n',
  },
  "/v1/responses": {
    id: "createResponse",
    tag: "Generate",
    summary: "Answer through the Responses API",
    request: { model: MODEL, input: "Say hello." },
    answer: {
      id: "resp_1",
      object: "response",
      status: "completed",
      model: MODEL,
      output: [{ type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "Hello!" }] }],
      usage: { input_tokens: 12, output_tokens: 3, total_tokens: 15 },
    },
    events: 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hello!"}\n\n',
  },
  "/v1/messages": {
    id: "createMessage",
    tag: "Generate",
    summary: "Answer through Anthropic's Messages API",
    request: { model: MODEL, max_tokens: 64, messages: hello },
    answer: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: MODEL,
      content: [{ type: "text", text: "Hello!" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 12, output_tokens: 3 },
    },
    events:
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello!"}}\n\n',
  },
  "/v1/messages/count_tokens": {
    id: "countMessageTokens",
    tag: "Understand",
    summary: "Count a conversation's tokens as the Messages API would",
    request: { model: MODEL, messages: hello },
    answer: { input_tokens: 12 },
  },
  "/v1/embeddings": {
    id: "createEmbedding",
    tag: "Understand",
    summary: "Turn texts into vectors",
    request: { model: "bge-m3", input: ["Hello."] },
    answer: {
      object: "list",
      model: "bge-m3",
      data: [{ object: "embedding", index: 0, embedding: [0.01, -0.02] }],
      usage: { prompt_tokens: 3, total_tokens: 3 },
    },
  },
  "/v1/rerank": {
    id: "rerank",
    tag: "Understand",
    summary: "Order documents by how well they answer a query",
    request: { model: "bge-reranker", query: "Where is the pod?", documents: ["In the rack.", "It rains."] },
    answer: {
      id: "rerank-1",
      model: "bge-reranker",
      results: [{ index: 0, document: { text: "In the rack." }, relevance_score: 0.98 }],
      usage: { total_tokens: 14 },
    },
  },
  "/v1/score": {
    id: "score",
    tag: "Understand",
    summary: "Score pairs of texts",
    request: { model: "bge-reranker", text_1: "Where is the pod?", text_2: "In the rack." },
    answer: { object: "list", model: "bge-reranker", data: [{ index: 0, object: "score", score: 0.98 }], usage },
  },
  "/v1/audio/transcriptions": {
    id: "createTranscription",
    tag: "Understand",
    summary: "Write down what is said",
    request: audio,
    answer: transcript,
    events: 'data: {"object":"transcription.chunk","choices":[{"delta":{"content":"Hello"}}]}\n\ndata: [DONE]\n\n',
  },
  "/v1/audio/translations": {
    id: "createTranslation",
    tag: "Understand",
    summary: "Write down in English what is said",
    request: audio,
    answer: transcript,
    events: 'data: {"object":"translation.chunk","choices":[{"delta":{"content":"Hello"}}]}\n\ndata: [DONE]\n\n',
  },
  "/tokenize": {
    id: "tokenize",
    tag: "Understand",
    summary: "Cut a text into the model's tokens",
    request: { model: MODEL, prompt: "Hello." },
    answer: { count: 3, max_model_len: 8_192, tokens: [128_000, 9_906, 13] },
  },
  "/detokenize": {
    id: "detokenize",
    tag: "Understand",
    summary: "Put tokens back together",
    request: { model: MODEL, tokens: [9_906, 13] },
    answer: { prompt: "Hello." },
  },
  "/v1/models": {
    id: "listModels",
    tag: "Look",
    summary: "The models your key may use",
    answer: { object: "list", data: [model] },
  },
  "/v1/models/{id}": { id: "getModel", tag: "Look", summary: "One model your key may use", answer: model },
  "/health": { id: "getHealth", tag: "Look", summary: "Whether a pod can serve now", answer: { status: "ok" } },
};
