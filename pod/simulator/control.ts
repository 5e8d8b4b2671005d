import type { Exchange } from "./exchange";
import type { Failure, FailureMode } from "./failures";
import type { LedgerEntry } from "./ledger";
import type { SimulatorOptions } from "./options";
import type { Pod } from "./pod";

/** What may change while the pod runs. */
export type Settings = Omit<SimulatorOptions, "host" | "port" | "failures" | "ledgerSize" | "control">;

/** The pod's levers, the same in process and over HTTP. */
export type Control = {
  /** Changes settings; requests already running keep their pace. */
  set(settings: Partial<Settings>): void;
  fail(...failures: Failure[]): void;
  /** Ends one kind of failure, or all, and makes the pod ready. */
  heal(mode?: FailureMode): void;
  settings(): Settings & { failures: readonly Failure[] };
  /** Stops listening and drops connections: clients are refused. */
  refuse(): Promise<void>;
  /** Listens again, on the same port. */
  accept(): Promise<void>;
};

export function createControl(pod: Pod, listening: { refuse(): Promise<void>; accept(): Promise<void> }): Control {
  const { options, engine, failures } = pod;
  return {
    set(settings) {
      Object.assign(options, settings);
      engine.maxRunning = options.maxRunning;
      engine.maxWaiting = options.maxWaiting;
      if (settings.state === "dead") engine.die();
    },
    fail: (...added) => failures.add(...added),
    heal(mode) {
      failures.heal(mode);
      if (mode === undefined) options.state = "ready";
    },
    settings() {
      const {
        host: _host,
        port: _port,
        failures: _failures,
        ledgerSize: _size,
        control: _control,
        ...settings
      } = options;
      return { ...settings, failures: failures.list };
    },
    ...listening,
  };
}

type Order = {
  set?: Partial<Settings>;
  fail?: Failure[];
  heal?: boolean | FailureMode;
  clearLedger?: boolean;
  refuseForMs?: number;
};

/** `POST /_sim/control` with `{set, fail, heal, clearLedger, refuseForMs}`; answers the settings in force. */
export function controlRoute(exchange: Exchange, control: Control) {
  const order = JSON.parse(exchange.body || "{}") as Order;
  if (order.heal) control.heal(order.heal === true ? undefined : order.heal);
  if (order.set) control.set(order.set);
  if (order.fail) control.fail(...order.fail);
  if (order.clearLedger) exchange.pod.ledger.clear();
  exchange.json(200, control.settings());
  const { refuseForMs } = order;
  if (refuseForMs) exchange.res.once("finish", () => void refuseFor(control, refuseForMs));
}

async function refuseFor(control: Control, ms: number) {
  await control.refuse();
  setTimeout(() => void control.accept(), ms);
}

/** `GET /_sim/ledger`, with `?requestId=` for one request. */
export function ledgerRoute(exchange: Exchange) {
  const { ledger, engine, metrics } = exchange.pod;
  const wanted = new URLSearchParams(exchange.req.url?.split("?", 2)[1]).get("requestId");
  const entries: readonly LedgerEntry[] = ledger.entries.filter(
    ({ requestId }) => wanted === null || requestId === wanted,
  );
  exchange.json(200, {
    openConnections: ledger.openConnections,
    totalConnections: ledger.totalConnections,
    totalRequests: ledger.totalRequests,
    running: engine.running,
    waiting: engine.waiting,
    promptTokens: metrics.promptTokens,
    generationTokens: metrics.generationTokens,
    entries,
  });
}
