import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import pg from "pg";
import { parseEnv } from "@/lib/env";
import type { LogLine } from "@/lib/gateway/gateway";
import { createNodeHandler } from "@/lib/gateway/node-http";
import { openGateway, type Waits } from "@/lib/gateway/open-gateway";
import { createSocketHandler } from "@/lib/gateway/socket-http";
import { createWebHandler } from "@/lib/gateway/web";
import type { PodProbe } from "@/lib/pods/probe";
import { createFront } from "@/server/front";
import { createKeySeeds } from "./key-seeds";

export type Transport = "socket" | "node" | "web";

export type UsageRow = {
  request_id: string;
  outcome: string;
  status: number | null;
  token_source: string;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  model: string | null;
  route: string;
  streamed: boolean;
  queue_ms: number | null;
  ttft_ms: number | null;
  duration_ms: number | null;
  error_code: string | null;
  pod_id: string | null;
};

/** A gateway on a real database and a pod at `podUrl`, listening on a free port through one of its transports. */
export async function startGatewayRig(
  transport: Transport,
  podUrl: string,
  podKey: string,
  models: string[],
  observe?: (line: LogLine) => void,
  settings: Record<string, string> = {},
  waits: Partial<Waits> = {},
  probe: PodProbe = async () => undefined,
) {
  const env = parseEnv({
    ...process.env,
    ...settings,
    PODPASS_DATA_DIR: await mkdtemp(join(tmpdir(), "podpass-rig-")),
  });
  const database = new pg.Pool({ connectionString: env.DATABASE_URL, max: 4 });
  const { addPod, issueKey, addSecret } = createKeySeeds(database, env.PODPASS_SECRET);
  const podId = await addPod(podUrl, podKey, models);
  const gateway = await openGateway({ env, probe, observe, waits });
  const answer = transport === "web" ? createWebAdapter(gateway.handle) : createNodeHandler(gateway.handle);
  const answerHttp = (request: IncomingMessage, response: ServerResponse) => {
    if (!answer(request, response)) response.writeHead(404).end();
  };
  const plain = createSocketHandler({ handle: gateway.handle });
  const server = transport === "socket" ? createFront(answerHttp, plain) : createServer(answerHttp);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** Resolves when the gateway has read it. */
  async function setMaxInFlight(most: number | null) {
    await database.query("UPDATE pods SET max_in_flight = $2 WHERE id = $1", [podId, most]);
    await gateway.refresh();
  }

  /** Whether the pod lies behind a proxy that gives up on silence. Resolves when the gateway has read it. */
  async function setBehindProxy(isBehind: boolean) {
    await database.query("UPDATE pods SET behind_proxy_at = CASE WHEN $2 THEN now() END WHERE id = $1", [
      podId,
      isBehind,
    ]);
    await gateway.refresh();
  }

  /** The rows of a key once all is written, oldest first. */
  async function rowsOf(keyId: string): Promise<UsageRow[]> {
    await gateway.flush();
    const { rows } = await database.query<UsageRow>(
      "SELECT * FROM usage_events WHERE key_id = $1 ORDER BY at, request_id",
      [keyId],
    );
    return rows;
  }

  async function stop() {
    server.closeAllConnections();
    plain.closeAll();
    await new Promise((resolve) => server.close(resolve));
    await gateway.close();
    await database.end();
    await rm(env.PODPASS_DATA_DIR, { recursive: true, force: true });
  }

  return { url, gateway, database, podId, issueKey, addSecret, setMaxInFlight, setBehindProxy, rowsOf, stop };
}

export type GatewayRig = Awaited<ReturnType<typeof startGatewayRig>>;

/** Just enough of a web server to stand in for Next: requests and responses as the platform's own classes. */
function createWebAdapter(handle: Parameters<typeof createWebHandler>[0]) {
  const answerWeb = createWebHandler(handle, () => "127.0.0.1");
  return (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const left = new AbortController();
    outgoing.once("close", () => left.abort());
    const headers = new Headers();
    for (const [name, values] of Object.entries(incoming.headersDistinct)) {
      for (const value of values ?? []) headers.append(name, value);
    }
    const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD";
    const request = new Request(`http://rig${incoming.url}`, {
      method: incoming.method,
      headers,
      signal: left.signal,
      ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: "half" }),
    });
    void answerWeb(request).then(async (response) => {
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.flushHeaders();
      const reader = response.body?.getReader();
      outgoing.once("close", () => void reader?.cancel().catch(() => undefined));
      for (;;) {
        const next = await reader?.read().catch(() => undefined);
        if (next === undefined || next.done) break;
        if (!outgoing.write(next.value)) await new Promise((resolve) => outgoing.once("drain", resolve));
      }
      outgoing.end();
    });
    return true;
  };
}
