import { peerOf } from "@/lib/auth/peer";
import { env } from "@/lib/env";
import { openGateway } from "@/lib/gateway/open-gateway";
import { createWebHandler } from "@/lib/gateway/web";
import { createPodProbe } from "@/lib/pods/probe";

type Answer = (request: Request) => Promise<Response>;

// Each route is bundled apart, and hot reload loads this anew: one gateway for the process lives on globalThis.
const shared = globalThis as typeof globalThis & { podpassGateway?: Promise<Answer> };

async function open(): Promise<Answer> {
  const gateway = await openGateway({ env, probe: createPodProbe() });
  return createWebHandler(gateway.handle, (request) =>
    peerOf(request.headers.get("x-podpass-peer"), env.PODPASS_INTERNAL_TOKEN),
  );
}

/** The pipeline behind Next's route handlers; opened by the first request, because a build loads this file as well. */
async function answer(request: Request): Promise<Response> {
  shared.podpassGateway ??= open();
  return (await shared.podpassGateway)(request);
}

// Under every method: Next answers a missing one with an empty 405 of its own.
export {
  answer as DELETE,
  answer as GET,
  answer as HEAD,
  answer as OPTIONS,
  answer as PATCH,
  answer as POST,
  answer as PUT,
};
