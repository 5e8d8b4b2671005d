/** In whose shape a route speaks: errors, credentials and streams differ. */
export type Dialect = "openai" | "anthropic";

/** What kind of work a route asks for: it decides which fields there are and how usage is told. */
export type Kind =
  | "chat"
  | "completions"
  | "embeddings"
  | "responses"
  | "messages"
  | "count_tokens"
  | "rerank"
  | "score"
  | "audio"
  | "tokenize"
  | "detokenize"
  | "models"
  | "health";

export type Route = {
  method: "GET" | "POST";
  /** The path as it is called, forwarded and recorded; constant, so that no request chooses where it goes. */
  path: string;
  kind: Kind;
  dialect: Dialect;
  /** Largest request body in bytes; 0 for routes that take none. */
  largestBody: number;
};

/** One route, with what its path named. */
export type Match = { route: Route; modelId: string | null };

const MB = 1024 * 1024;
/** Room for pictures inside a conversation; text alone stays far below. */
const CONVERSATION = 32 * MB;
const TEXTS = 16 * MB;

const post = (path: string, kind: Kind, largestBody: number, dialect: Dialect = "openai"): Route => ({
  method: "POST",
  path,
  kind,
  dialect,
  largestBody,
});

const get = (path: string, kind: Kind): Route => ({ method: "GET", path, kind, dialect: "openai", largestBody: 0 });

/** The whole API: an exact allowlist, because vLLM serves dangerous routes beside the useful ones. */
export const ROUTES: readonly Route[] = [
  post("/v1/chat/completions", "chat", CONVERSATION),
  post("/v1/completions", "completions", TEXTS),
  post("/v1/embeddings", "embeddings", TEXTS),
  post("/v1/responses", "responses", CONVERSATION),
  post("/v1/messages", "messages", CONVERSATION, "anthropic"),
  post("/v1/messages/count_tokens", "count_tokens", CONVERSATION, "anthropic"),
  post("/v1/rerank", "rerank", TEXTS),
  post("/v1/score", "score", TEXTS),
  post("/v1/audio/transcriptions", "audio", CONVERSATION),
  post("/v1/audio/translations", "audio", CONVERSATION),
  post("/tokenize", "tokenize", TEXTS),
  post("/detokenize", "detokenize", TEXTS),
  get("/v1/models", "models"),
  get("/health", "health"),
];

const EXACT = new Map(ROUTES.map((route) => [`${route.method} ${route.path}`, route]));
const ONE_MODEL = get("/v1/models/{id}", "models");
const MODEL_PREFIX = "/v1/models/";

/** Every route, the one whose path names a model included. */
export const EVERY_ROUTE: readonly Route[] = [...ROUTES, ONE_MODEL];

/** The route for a method and a raw path, compared as they are: no other spelling, case, slash or encoding. Null: not ours. */
export function matchRoute(method: string, path: string): Match | null {
  const route = EXACT.get(`${method} ${path}`);
  if (route !== undefined) return { route, modelId: null };
  if (method !== "GET" || !path.startsWith(MODEL_PREFIX)) return null;
  const modelId = decodedId(path.slice(MODEL_PREFIX.length));
  return modelId === null ? null : { route: ONE_MODEL, modelId };
}

/** Only an id is compared decoded: SDKs write the slash of `org/model` as `%2F`. It is looked up, never sent on. */
function decodedId(text: string) {
  try {
    const id = decodeURIComponent(text);
    return id === "" || id.length > 256 ? null : id;
  } catch {
    return null;
  }
}

/** What vLLM serves beside our routes, some of it dangerous. Programs that try it here get our JSON refusal, not a web page. */
const VLLM_ONLY =
  /^\/(?:load|invocations|pooling|classify|score|rerank|generative_scoring|ping|version|pause|resume|is_paused|sleep|wake_up|is_sleeping|update_weights|init_weights_update_group|collective_rpc|tokenizer_info|server_info|start_profile|stop_profile|scale_elastic_ep|is_scaling_elastic_ep|reset_\w+|v2|inference|cohere|docs|redoc)(?:\/|$)/;

/** Whether a raw path is the gateway's business at all, right or wrong: everything under `/v1`, the few routes beside it, and vLLM's own. */
export function isGatewayPath(path: string): boolean {
  if (path === "/v1" || path.startsWith("/v1/")) return true;
  return path === "/health" || path === "/tokenize" || path === "/detokenize" || VLLM_ONLY.test(path);
}

/** The dialect in which even an unknown path is answered. */
export function dialectOf(path: string): Dialect {
  return path === "/v1/messages" || path.startsWith("/v1/messages/") ? "anthropic" : "openai";
}
