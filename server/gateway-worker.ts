import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { commonHeaders } from "@/lib/auth/page-headers";
import { env } from "@/lib/env";
import { createNodeHandler } from "@/lib/gateway/node-http";
import { openGateway } from "@/lib/gateway/open-gateway";
import { createSocketHandler } from "@/lib/gateway/socket-http";
import type { Standing } from "@/lib/limits/ask";
import { createSharedStore } from "@/lib/limits/shared-store";
import { log } from "@/lib/log";
import { gatewayFigures } from "@/lib/operations/gateway-figures";
import { gatewayReasons, gatewayWarnings } from "@/lib/operations/gateway-reasons";
import { openOperations } from "@/lib/operations/open-operations";
import { createRequestMetrics } from "@/lib/operations/request-metrics";
import { createNodeOperations } from "@/lib/operations/transports";
import { createNodePlayground } from "@/lib/playground/node-http";
import { withCounters } from "@/lib/pods/counters/sample";
import { createPodProbe } from "@/lib/pods/probe";
import { newRequestId } from "@/lib/usage/request-id";
import { answerError } from "./answers";
import { createBalancerWatch } from "./balancer-watch";
import { askToReconnect, connectionsBeforeNow, createInFlight } from "./drain";
import { createFront } from "./front";
import { createHandOver } from "./hand-over";
import type { FromWorker, ToWorker } from "./messages";
import { createSiblings } from "./siblings";

/** After the drain limit, streams get this long to end with an error event. */
const LAST_WORDS_MS = 2_000;
const SETTLE_POLL_MS = 10;

let nextPort: number | null = null;
/** From the signal on: not ready, and each answer is the last on its connection. */
let isStopping = false;
/** Whether new work on a connection is taken. */
let takesWork: (socket: Socket) => boolean = () => true;

const tell = (message: FromWorker) => process.send?.(message);

const metrics = createRequestMetrics();
const sharedLimits = env.WEB_CONCURRENCY > 1 ? createSharedStore(tell) : null;
const gateway = await openGateway({
  env,
  probe: withCounters(createPodProbe()),
  observe: metrics.observe,
  limits: sharedLimits?.store,
});
const figures = () => [...metrics.figures(), ...gatewayFigures(gateway.stats())];
const siblings = createSiblings({ tell, own: figures });
const answerOperations = createNodeOperations(
  await openOperations({
    env,
    migrationsFolder: new URL("../prisma/migrations/", import.meta.url),
    isStopping: () => isStopping,
    otherReasons: () => gatewayReasons(gateway.stats().changes),
    warnings: () => gatewayWarnings(gateway.stats()),
    figures,
    withSiblings: siblings.withOthers,
  }),
);
const common = commonHeaders(env.PUBLIC_URL.startsWith("https:"));
const answerGateway = createNodeHandler(gateway.handle, common);
const answerPlayground = createNodePlayground(gateway.handle, common);
const inFlight = createInFlight();
const balancer = createBalancerWatch();
const pages = createHandOver({
  port: () => nextPort,
  internalToken: env.PODPASS_INTERNAL_TOKEN ?? "",
  publicUrl: env.isPublicUrlChosen ? new URL(env.PUBLIC_URL) : null,
  beforeAnswer: gateway.catchUp,
  commonHeaders: common,
});

const plain = createSocketHandler({
  handle: gateway.handle,
  commonHeaders: common,
  isStopping: () => isStopping,
  onBegin: inFlight.begin,
  onOver: inFlight.over,
});

const front = createFront((request, response) => {
  // Asked while Next is away and while streams drain: neither handed over nor counted as work.
  if (answerOperations(request, response)) {
    if (request.url === "/readyz") response.once("finish", () => balancer.answered(response.statusCode));
    return;
  }
  if (isStopping && !takesWork(request.socket)) return refuseWhileDraining(response);
  inFlight.track(response);
  if (answerGateway(request, response) || answerPlayground(request, response)) return;
  pages.handOver(request, response);
}, plain);

function refuseWhileDraining(response: ServerResponse) {
  answerError(response, "shutting_down", "Podpass is shutting down.", newRequestId(Date.now()));
}

async function drain(limitMs: number) {
  if (isStopping) return;
  isStopping = true;
  const deadline = performance.now() + limitMs;
  askToReconnect(front);
  takesWork = (await balancer.heard(limitMs)) ? connectionsBeforeNow(front) : () => false;
  if (!(await inFlight.settled(Math.max(0, deadline - performance.now())))) {
    gateway.endStreams();
    await inFlight.settled(LAST_WORDS_MS);
  }
  // Idle connections go now; what came on one of them at the last moment is still answered.
  front.close();
  await inFlight.settled(LAST_WORDS_MS);
  await untilCallsEnded();
  front.closeAllConnections();
  plain.closeAll();
  pages.close();
  await gateway.close();
  process.exit(0);
}

/** A client has its last byte before the gateway knows the call's end: what it still has to say must reach the journal. */
async function untilCallsEnded() {
  const deadline = performance.now() + LAST_WORDS_MS;
  do await sleep(SETTLE_POLL_MS);
  while (gateway.stats().live > 0 && performance.now() < deadline);
}

process.on("message", (message: ToWorker) => {
  siblings.hear(message);
  if (message.type === "limits-verdict" || message.type === "limits-seen") sharedLimits?.hear(message);
  if (message.type === "standings-wanted") {
    const tellStandings = (standings: Standing[] | null) =>
      tell({ type: "standings-told", turn: message.turn, standings });
    gateway.standings(message.accounts).then(tellStandings, () => tellStandings(null));
  }
  if (message.type === "next") nextPort = message.port;
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
