import { transcribe } from "./audio";
import { chatCompletions } from "./chat";
import { completions } from "./completions";
import type { Exchange } from "./exchange";
import { countTokens, messages } from "./messages";
import { embeddings, rerank, score } from "./pooling";
import { responses } from "./responses";
import { health, load, metrics, models, version } from "./server-info";
import { detokenize, tokenize } from "./tokenize";

export type Route = {
  method: "GET" | "POST";
  handle: (exchange: Exchange) => void;
  /** Work for the engine: what failures without a path of their own apply to. */
  inference: boolean;
};

const work = (handle: Route["handle"]): Route => ({ method: "POST", handle, inference: true });
const ask = (handle: Route["handle"], method: Route["method"] = "GET"): Route => ({ method, handle, inference: false });

const TABLE: Readonly<Record<string, Route>> = {
  "/v1/chat/completions": work(chatCompletions),
  "/v1/completions": work(completions),
  "/v1/responses": work(responses),
  "/v1/messages": work(messages),
  "/v1/messages/count_tokens": ask(countTokens, "POST"),
  "/v1/audio/transcriptions": work(transcribe),
  "/v1/audio/translations": work(transcribe),
  "/v1/embeddings": work(embeddings),
  "/v1/rerank": work(rerank),
  "/v2/rerank": work(rerank),
  "/rerank": work(rerank),
  "/v1/score": work(score),
  "/score": work(score),
  "/invocations": work(chatCompletions),
  "/tokenize": ask(tokenize, "POST"),
  "/detokenize": ask(detokenize, "POST"),
  "/v1/models": ask(models),
  "/health": ask(health),
  "/ping": ask(health),
  "/version": ask(version),
  "/load": ask(load),
  "/metrics": ask(metrics),
};

const ROUTES = new Map(Object.entries(TABLE));

export const routeOf = (path: string) => ROUTES.get(path);
