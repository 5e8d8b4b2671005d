import type { IncomingMessage, ServerResponse } from "node:http";
import { isGuarded, keyCheck } from "./auth";
import { engineDead } from "./errors";
import { Exchange } from "./exchange";
import type { LedgerEntry } from "./ledger";
import type { Pod } from "./pod";
import { replaceAnswer, stillLoading } from "./replaced-answer";
import { type Route, routeOf } from "./routes";

/** What answers each request: key, route, body, what should go wrong, and then the route itself. */
export function receiver(
  pod: Pod,
  controlRoutes: ReadonlyMap<string, Route>,
  connectionOf: (req: IncomingMessage) => number,
) {
  const { options } = pod;
  let authorized = keyCheck(options.keys);
  let checkedKeys = options.keys;
  return (req: IncomingMessage, res: ServerResponse) => {
    const path = pathOf(req.url);
    const exchange = new Exchange(pod, req, res, path, openEntry(pod, req, connectionOf(req)));
    res.once("close", () => closed(exchange));
    const controlling = options.control ? controlRoutes.get(path) : undefined;
    if (options.state === "loading" && !controlling) return stillLoading(exchange);
    if (checkedKeys !== options.keys) {
      checkedKeys = options.keys;
      authorized = keyCheck(checkedKeys);
    }
    if (isGuarded(path) && req.method !== "OPTIONS" && !authorized(req.headers.authorization)) {
      return exchange.json(401, { error: "Unauthorized" });
    }
    const route = controlling ?? routeOf(path);
    if (route === undefined) return noRoute(exchange);
    if (route.method !== req.method) {
      return exchange.json(405, { detail: "Method Not Allowed" }, { allow: route.method });
    }
    if (req.method === "GET") return handle(exchange, route);
    readText(exchange, () => handle(exchange, route));
  };
}

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

function openEntry({ ledger }: Pod, req: IncomingMessage, connection: number): LedgerEntry {
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
    connection,
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
