import { peerOf } from "@/lib/auth/peer";
import { env } from "@/lib/env";
import { openGateway } from "@/lib/gateway/open-gateway";
import { createWebHandler } from "@/lib/gateway/web";
import { gatewayFigures } from "@/lib/operations/gateway-figures";
import { gatewayWarnings } from "@/lib/operations/gateway-reasons";
import { createRequestMetrics } from "@/lib/operations/request-metrics";
import { createWebPlayground } from "@/lib/playground/web";
import { withCounters } from "@/lib/pods/counters/sample";
import { createPodProbe } from "@/lib/pods/probe";

type Opened = Awaited<ReturnType<typeof open>>;

// Each route is bundled apart, and hot reload loads this anew: one gateway for the process lives on globalThis.
const shared = globalThis as typeof globalThis & { podpassGateway?: Promise<Opened> };

async function open() {
  const metrics = createRequestMetrics();
  const gateway = await openGateway({ env, probe: withCounters(createPodProbe()), observe: metrics.observe });
  return {
    answer: createWebHandler(gateway.handle, peerOfRequest),
    chat: createWebPlayground(gateway.handle, peerOfRequest),
    standings: gateway.standings,
    warnings: () => gatewayWarnings(gateway.stats()),
    figures: () => [...metrics.figures(), ...gatewayFigures(gateway.stats())],
  };
}

/** The pipeline behind Next's route handlers; opened by the first request, because a build loads this file as well. */
export function openedGateway(): Promise<Opened> {
  shared.podpassGateway ??= open();
  return shared.podpassGateway;
}

/** The gateway of this process, if one was opened: none is behind server.ts, whose workers have theirs. */
export function gatewayHere(): Promise<Opened> | undefined {
  return shared.podpassGateway;
}

/** What is wrong with the gateway although it answers; nothing before it was first used. */
export async function openedGatewayWarnings(): Promise<readonly string[]> {
  return (await shared.podpassGateway)?.warnings() ?? [];
}

/** The true peer, where our own server in front has told it; null where nobody knows. */
export function peerOfRequest(request: Request): string | null {
  return peerOf(request.headers.get("x-podpass-peer"), env.PODPASS_INTERNAL_TOKEN);
}
