import { pathToFileURL } from "node:url";
import { env } from "@/lib/env";
import { openOperations } from "@/lib/operations/open-operations";
import { createWebOperations } from "@/lib/operations/transports";
import { openedGateway, openedGatewayWarnings, peerOfRequest } from "./open-gateway";

type Answer = (request: Request) => Promise<Response>;

// Each route is bundled apart: one line to the database for the process lives on globalThis.
const shared = globalThis as typeof globalThis & { podpassOperations?: Promise<Answer> };

async function open(): Promise<Answer> {
  const operations = await openOperations({
    env,
    // Next runs in the repository's folder; its standalone output, which has no migrations, is never asked.
    migrationsFolder: new URL("prisma/migrations/", pathToFileURL(`${process.cwd()}/`)),
    warnings: openedGatewayWarnings,
    figures: async () => (await openedGateway()).figures(),
  });
  return createWebOperations(operations, peerOfRequest);
}

/** Health, readiness, metrics and the API's description in Next. Behind server.ts the gateway's workers answer them. */
async function answer(request: Request): Promise<Response> {
  shared.podpassOperations ??= open();
  return (await shared.podpassOperations)(request);
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
