import type { IncomingMessage, ServerResponse } from "node:http";
import { env } from "@/lib/env";
import { createNodeHandler } from "@/lib/gateway/node-http";
import { openGateway } from "@/lib/gateway/open-gateway";
import { log } from "@/lib/log";
import { createPodProbe } from "@/lib/pods/probe";
import { newRequestId } from "@/lib/usage/request-id";
import { answerError } from "./answers";
import { askToReconnect, createInFlight } from "./drain";
import { createFront } from "./front";
import { createHandOver } from "./hand-over";
import type { FromWorker, ToWorker } from "./messages";

/** After the drain limit, streams get this long to end with an error event. */
const LAST_WORDS_MS = 2_000;

let nextPort: number | null = null;
let isDraining = false;

const gateway = await openGateway({ env, probe: createPodProbe() });
const answerGateway = createNodeHandler(gateway.handle);
const inFlight = createInFlight();
const pages = createHandOver({
  port: () => nextPort,
  internalToken: env.PODPASS_INTERNAL_TOKEN ?? "",
  publicUrl: env.isPublicUrlChosen ? new URL(env.PUBLIC_URL) : null,
});

const front = createFront((request, response) => {
  if (request.url === "/healthz") return answerHealth(request, response);
  if (isDraining) return refuseWhileDraining(request, response);
  inFlight.track(response);
  if (!answerGateway(request, response)) pages.handOver(request, response);
});

/** The process lives: nothing else is asked, or a database that is away would have it killed. */
function answerHealth({ method }: IncomingMessage, response: ServerResponse) {
  const isRead = method === "GET" || method === "HEAD";
  response.writeHead(isRead ? 200 : 405, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(isRead && method === "GET" ? '{"status":"ok"}' : undefined);
}

function refuseWhileDraining({ url }: IncomingMessage, response: ServerResponse) {
  if (url !== "/readyz") {
    return answerError(response, "shutting_down", "Podpass is shutting down.", newRequestId(Date.now()));
  }
  response.writeHead(503, { "content-type": "application/json", "cache-control": "no-store", connection: "close" });
  response.end('{"status":"unavailable","reasons":["shutting down"]}');
}

async function drain(limitMs: number) {
  if (isDraining) return;
  isDraining = true;
  askToReconnect(front);
  if (!(await inFlight.settled(limitMs))) {
    gateway.endStreams();
    await inFlight.settled(LAST_WORDS_MS);
  }
  front.close();
  front.closeAllConnections();
  pages.close();
  await gateway.close();
  process.exit(0);
}

const tell = (message: FromWorker) => process.send?.(message);

process.on("message", (message: ToWorker) => {
  if (message.type === "next") nextPort = message.port;
  if (message.type === "keys-changed") gateway.forget(message.keyIds, message.epoch);
  if (message.type === "drain") {
    drain(message.limitMs).catch((error: unknown) => {
      log.error({ err: error }, "the gateway did not end cleanly");
      process.exit(1);
    });
  }
});

// Ctrl-C in a terminal reaches every process; here the supervisor says when and how to end.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);

front.once("error", (error: NodeJS.ErrnoException) => {
  tell({ type: "failed", reason: `PORT, HOST: cannot listen on ${env.HOST}:${env.PORT} (${error.code}).` });
});
front.listen({ host: env.HOST, port: env.PORT, backlog: 1_024 }, () => tell({ type: "listening" }));
