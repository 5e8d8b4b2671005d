import { randomUUID } from "node:crypto";
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
import { digestOf, hintOf, mintSecret, PEPPER_VERSION } from "@/lib/keys/secret";
import { sealPodKey } from "@/lib/pods/seal";
import { deriveKey } from "@/lib/secrets";
import { newRequestId } from "@/lib/usage/request-id";
import { createFront } from "@/server/front";

export type Transport = "socket" | "node" | "web";

type Limits = { rpm?: number; tpm?: number; concurrency?: number; monthlyTokens?: number; monthlyMicroUsd?: number };

type KeyFields = {
  /** Of a member that is there already; without it, a new one. */
  memberId?: string;
  models?: string[];
  cidrs?: string[];
  expiresAt?: Date;
  limits?: Limits;
  memberLimits?: Limits;
};

const columnsOf = ({ rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd }: Limits = {}) =>
  [rpm, tpm, concurrency, monthlyTokens, monthlyMicroUsd].map((limit) => limit ?? null);

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
) {
  const env = parseEnv({
    ...process.env,
    ...settings,
    PODPASS_DATA_DIR: await mkdtemp(join(tmpdir(), "podpass-rig-")),
  });
  const database = new pg.Pool({ connectionString: env.DATABASE_URL, max: 4 });
  const podId = newRequestId(Date.now());
  const sealed = sealPodKey(podId, podKey, deriveKey(env.PODPASS_SECRET, "podKey"));
  // One rig, one pod: what other suites left in the shared database is not asked.
  await database.query("UPDATE pods SET removed_at = now() WHERE removed_at IS NULL");
  await database.query(
    "INSERT INTO pods (id, name, base_url, sealed_key, models, state) VALUES ($1, $2, $3, $4, $5, 'serving')",
    [podId, `rig-${randomUUID()}`, podUrl, sealed, models],
  );
  const gateway = await openGateway({ env, probe: async () => undefined, observe, waits });
  const answer = transport === "web" ? createWebAdapter(gateway.handle) : createNodeHandler(gateway.handle);
  const answerHttp = (request: IncomingMessage, response: ServerResponse) => {
    if (!answer(request, response)) response.writeHead(404).end();
  };
  const plain = createSocketHandler({ handle: gateway.handle });
  const server = transport === "socket" ? createFront(answerHttp, plain) : createServer(answerHttp);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** A key with a live secret, made in SQL: this suite is about what happens behind the credential. */
  async function issueKey(fields: KeyFields = {}) {
    const [newMemberId, keyId, secretId] = [0, 1, 2].map(() => newRequestId(Date.now()));
    const memberId = fields.memberId ?? newMemberId ?? "";
    const secret = mintSecret();
    const digest = digestOf(secret, deriveKey(env.PODPASS_SECRET, "pepper"));
    await database.query(
      `INSERT INTO users (id, email, name, rpm, tpm, concurrency, monthly_tokens, monthly_micro_usd) VALUES ($1, $2, 'Rig', $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO NOTHING`,
      [memberId, `${randomUUID()}@example.org`, ...columnsOf(fields.memberLimits)],
    );
    await database.query(
      `INSERT INTO api_keys (id, member_id, name, models, cidrs, expires_at, rpm, tpm, concurrency, monthly_tokens, monthly_micro_usd)
        VALUES ($1, $2, 'rig', $3, $4, $5, $6, $7, $8, $9, $10)`,
      [keyId, memberId, fields.models ?? [], fields.cidrs ?? [], fields.expiresAt ?? null, ...columnsOf(fields.limits)],
    );
    await database.query(
      "INSERT INTO api_key_secrets (id, api_key_id, hash, pepper_version, hint) VALUES ($1, $2, $3, $4, $5)",
      [secretId, keyId, digest, PEPPER_VERSION, hintOf(secret)],
    );
    return { keyId: keyId ?? "", memberId, secret };
  }

  /** A newer secret of a key, as after a rotation; the earlier one works for another hour. */
  async function addSecret(keyId: string) {
    const secret = mintSecret();
    await database.query(
      "UPDATE api_key_secrets SET expires_at = now() + interval '1 hour' WHERE api_key_id = $1 AND expires_at IS NULL",
      [keyId],
    );
    await database.query(
      "INSERT INTO api_key_secrets (id, api_key_id, hash, pepper_version, hint) VALUES ($1, $2, $3, $4, $5)",
      [
        newRequestId(Date.now()),
        keyId,
        digestOf(secret, deriveKey(env.PODPASS_SECRET, "pepper")),
        PEPPER_VERSION,
        hintOf(secret),
      ],
    );
    return secret;
  }

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
