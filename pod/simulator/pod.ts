import type { Engine } from "./engine";
import type { Failures } from "./failures";
import type { Ledger } from "./ledger";
import type { PodMetrics } from "./metrics";
import type { SimulatorOptions } from "./options";
import type { PrefixCache } from "./prefix-cache";

/** Everything a request handler may use. `options` is live: control changes it while requests run. */
export type Pod = {
  options: SimulatorOptions;
  engine: Engine;
  metrics: PodMetrics;
  ledger: Ledger;
  failures: Failures;
  prefixes: PrefixCache;
};

/** The first served model answers requests that name none. */
export const modelOf = ({ options }: Pod) => options.models[0] ?? "simulated-llama-8b";
