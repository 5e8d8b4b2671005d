import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { isGuarded, keyCheck } from "./auth";
import { type Control, controlRoute, createControl, ledgerRoute } from "./control";
import { Engine } from "./engine";
import { engineDead } from "./errors";
import { Exchange } from "./exchange";
import { Failures } from "./failures";
import { Ledger, type LedgerEntry } from "./ledger";
import { PodMetrics } from "./metrics";
import { DEFAULTS, type SimulatorOptions } from "./options";
import type { Pod } from "./pod";
import { PrefixCache } from "./prefix-cache";
import { replaceAnswer, stillLoading } from "./replaced-answer";
import { type Route, routeOf } from "./routes";

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

/** Starts a vLLM look-alike. What isn't given is as in DEFAULTS. */
export async function startSimulator(given: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const pod = createPod({ ...DEFAULTS, ...given });
  const { options, ledger, engine } = pod;
  const sockets = new Set<Socket>();
  let authorized = keyCheck(options.keys);
  let checkedKeys = options.keys;

  const server = createServer({ keepAlive: true, noDelay: true }, (req, res) => {
    const path = pathOf(req.url);
    const exchange = new Exchange(pod, req, res, path, openEntry(pod, req));
    res.once("close", () => closed(exchange));
    if (options.state === "loading" && !isControl(options, path)) return stillLoading(exchange);
    if (checkedKeys !== options.keys) {
      checkedKeys = options.keys;
      authorized = keyCheck(checkedKeys);
    }
    if (isGuarded(path) && req.method !== "OPTIONS" && !authorized(req.headers.authorization)) {
      return exchange.json(401, { error: "Unauthorized" });
    }
    const route = (options.control ? controlRoutes.get(path) : undefined) ?? routeOf(path);
    if (route === undefined) return noRoute(exchange);
    if (route.method !== req.method)
      return exchange.json(405, { detail: "Method Not Allowed" }, { allow: route.method });
    if (req.method === "GET") return handle(exchange, route);
    readText(exchange, () => handle(exchange, route));
  });
  server.keepAliveTimeout = options.keepAliveMs;
  server.requestTimeout = 0;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    ledger.openConnections += 1;
    ledger.totalConnections += 1;
    numbers.set(socket, ledger.totalConnections);
    socket.once("close", () => {
      sockets.delete(socket);
      ledger.openConnections -= 1;
    });
  });

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, options.host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  const stopListening = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return resolve();
      server.close(() => resolve());
    });

  await listen(options.port);
  const { port } = server.address() as AddressInfo;
  const control = createControl(pod, { refuse: stopListening, accept: () => listen(port) });
  const controlRoutes = new Map<string, Route>([
    ["/_sim/control", { method: "POST", inference: false, handle: (exchange) => controlRoute(exchange, control) }],
    ["/_sim/ledger", { method: "GET", inference: false, handle: ledgerRoute }],
  ]);
  const loading =
    options.loadingMs > 0 ? setTimeout(() => control.set({ state: "ready" }), options.loadingMs) : undefined;
  if (loading) options.state = "loading";

  return {
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    port,
    ledger,
    control,
    load: () => ({ running: engine.running, waiting: engine.waiting }),
    async close() {
      clearTimeout(loading);
      engine.stop();
      await stopListening();
    },
    async shutDown() {
      clearTimeout(loading);
      engine.die();
      engine.stop();
      server.close();
      // Time for the last words to leave, as vLLM takes it.
      await new Promise((resolve) => setTimeout(resolve, 50));
      await stopListening();
    },
  };
}

const numbers = new WeakMap<object, number>();

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

const isControl = (options: SimulatorOptions, path: string) => options.control && path.startsWith("/_sim/");

/** The path as vLLM's router sees it: without the query, and with its escapes undone. */
function pathOf(url = "/") {
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A slash too many is redirected; anything else isn't there. */
function noRoute(exchange: Exchange) {
  const { path, req } = exchange;
  const without = path.replace(/\/$/, "");
  if (path === without || routeOf(without) === undefined) return exchange.json(404, { detail: "Not Found" });
  exchange.head(307, undefined, { "content-length": 0, location: `http://${req.headers.host}${without}` });
  exchange.res.end();
}

function openEntry({ ledger }: Pod, req: IncomingMessage): LedgerEntry {
  const { headers } = req;
  const requestId = headers["x-request-id"];
  const entry: LedgerEntry = {
    seq: ledger.totalRequests + 1,
    requestId: typeof requestId === "string" ? requestId : undefined,
    method: req.method ?? "GET",
    path: req.url ?? "/",
    headers,
    bodyBytes: 0,
    body: undefined,
    connection: numbers.get(req.socket) ?? 0,
    status: undefined,
    streamed: false,
    promptTokens: 0,
    cachedTokens: 0,
    producedTokens: 0,
    sentTokens: 0,
    sentEvents: 0,
    outcome: "open",
    startedAt: Date.now(),
    firstTokenAt: undefined,
    endedAt: undefined,
  };
  ledger.add(entry);
  return entry;
}

function closed(exchange: Exchange) {
  const { pod, res, entry, work } = exchange;
  if (work) pod.engine.abort(work);
  const answered = res.writableFinished;
  pod.ledger.end(entry, answered ? ((entry.status ?? 0) >= 400 ? "refused" : "completed") : "client_closed");
}

function readText(exchange: Exchange, done: () => void) {
  const { req, entry, pod } = exchange;
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    entry.bodyBytes += chunk.length;
  });
  req.once("end", () => {
    const [first] = chunks;
    exchange.raw = chunks.length === 1 && first ? first : Buffer.concat(chunks);
    exchange.body = exchange.raw.toString("utf8");
    if (pod.options.keepBodies) entry.body = exchange.body;
    done();
  });
}

/** Asks what should go wrong, then answers. */
function handle(exchange: Exchange, route: Route) {
  const { pod, entry, path } = exchange;
  try {
    exchange.failing = pod.failures.take(path, route.inference, entry.requestId, exchange.body);
    const { answer, quirks } = exchange.failing;
    const delay = quirks?.["slow-headers"]?.ms;
    if (answer) replaceAnswer(exchange, answer);
    else if (pod.options.state === "dead" && route.inference) exchange.fail(engineDead());
    else if (delay) setTimeout(() => attempt(exchange, route), delay);
    else attempt(exchange, route);
  } catch (error) {
    exchange.fail(error);
  }
}

function attempt(exchange: Exchange, route: Route) {
  try {
    if (!exchange.res.destroyed) route.handle(exchange);
  } catch (error) {
    exchange.fail(error);
  }
}
