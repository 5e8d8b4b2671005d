import type { Exchange } from "./exchange";
import { newId } from "./identity";
import { modelOf } from "./pod";

export function models(exchange: Exchange) {
  const { options } = exchange.pod;
  // vLLM says the time of the request, and the folder the model lies in.
  const created = Math.floor(Date.now() / 1000);
  exchange.json(200, {
    object: "list",
    data: options.models.map((id) => ({
      id,
      object: "model",
      created,
      owned_by: "vllm",
      root: `/models/${id}`,
      parent: null,
      max_model_len: options.maxModelLen,
      permission: [permission(created)],
    })),
  });
}

const permission = (created: number) => ({
  id: `modelperm-${newId()}`,
  object: "model_permission",
  created,
  allow_create_engine: false,
  allow_sampling: true,
  allow_logprobs: true,
  allow_search_indices: false,
  allow_view: true,
  allow_fine_tuning: false,
  organization: "*",
  group: null,
  is_blocking: false,
});

/** vLLM says it with the status alone. */
export function health(exchange: Exchange) {
  const alive = exchange.pod.options.state !== "dead";
  exchange.head(alive ? 200 : 503, undefined, { "content-length": 0 });
  exchange.res.end();
}

export function version(exchange: Exchange) {
  exchange.json(200, { version: "0.32.0" });
}

export function load(exchange: Exchange) {
  const { engine } = exchange.pod;
  exchange.json(200, { server_load: engine.running + engine.waiting });
}

export function metrics(exchange: Exchange) {
  const { engine, metrics: counted, options } = exchange.pod;
  const kvCacheUsage = Math.min(1, engine.heldTokens / options.kvCacheTokens);
  const text = counted.render(modelOf(exchange.pod), {
    running: engine.running,
    waiting: engine.waiting,
    kvCacheUsage,
  });
  exchange.send(200, "text/plain; version=1.0.0; charset=utf-8", text);
}
