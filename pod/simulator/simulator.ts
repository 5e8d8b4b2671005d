import { createServer } from "node:http";
import { type Control, controlRoute, createControl, ledgerRoute } from "./control";
import { Engine } from "./engine";
import { Failures } from "./failures";
import { Ledger } from "./ledger";
import { createListener } from "./listener";
import { PodMetrics } from "./metrics";
import { DEFAULTS, type SimulatorOptions } from "./options";
import type { Pod } from "./pod";
import { PrefixCache } from "./prefix-cache";
import { receiver } from "./receive";
import type { Route } from "./routes";

export type Simulator = {
  /** `http://127.0.0.1:8123`, without a path. */
  url: string;
  port: number;
  ledger: Ledger;
  control: Control;
  /** Sequences running and requests waiting now. */
  load(): { running: number; waiting: number };
  /** Drops every connection and frees the port. */
  close(): Promise<void>;
  /** Ends as vLLM ends on SIGTERM: streams get an error event and `[DONE]`, then the port refuses. */
  shutDown(): Promise<void>;
};

/** What is left on the way out when the engine ends has so long to leave, as vLLM takes it. */
const LAST_WORDS_MS = 50;

/** Starts a vLLM look-alike. What isn't given is as in DEFAULTS. */
export async function startSimulator(given: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const pod = createPod({ ...DEFAULTS, ...given });
  const { options, ledger, engine } = pod;

  const server = createServer({ keepAlive: true, noDelay: true });
  server.keepAliveTimeout = options.keepAliveMs;
  server.requestTimeout = 0;
  const { listen, refuse, connectionOf } = createListener(server, options.host, ledger);
  const controlRoutes = new Map<string, Route>();
  server.on("request", receiver(pod, controlRoutes, connectionOf));

  const port = await listen(options.port);
  const accept = async () => void (await listen(port));
  const control = createControl(pod, { refuse, accept });
  controlRoutes.set("/_sim/ledger", { method: "GET", inference: false, handle: ledgerRoute });
  controlRoutes.set("/_sim/control", {
    method: "POST",
    inference: false,
    handle: (exchange) => controlRoute(exchange, control),
  });

  let loading: NodeJS.Timeout | undefined;
  if (options.loadingMs > 0) {
    options.state = "loading";
    loading = setTimeout(() => control.set({ state: "ready" }), options.loadingMs);
  }

  return {
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    port,
    ledger,
    control,
    load: () => ({ running: engine.running, waiting: engine.waiting }),
    async close() {
      clearTimeout(loading);
      engine.stop();
      await refuse();
    },
    async shutDown() {
      clearTimeout(loading);
      engine.die();
      engine.stop();
      server.close();
      await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
      await refuse();
    },
  };
}

function createPod(options: SimulatorOptions): Pod {
  const metrics = new PodMetrics();
  const failures = new Failures();
  failures.add(...options.failures);
  return {
    options,
    metrics,
    failures,
    engine: new Engine(options, metrics),
    ledger: new Ledger(options.ledgerSize),
    prefixes: new PrefixCache(),
  };
}
