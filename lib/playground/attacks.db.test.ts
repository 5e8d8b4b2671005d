import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sealSessionId, sessionCookieName } from "@/lib/auth/session-cookie";
import { beginSession, endSession } from "@/lib/auth/sessions";
import { db } from "@/lib/db";
import { createNodeHandler } from "@/lib/gateway/node-http";
import { startSimulator } from "@/pod/simulator/simulator";
import { createFront } from "@/server/front";
import { createHandOver } from "@/server/hand-over";
import { browser } from "@/test/fixtures/members";
import { startGatewayRig } from "@/test/rig/gateway";
import { createNodePlayground } from "./node-http";
import { createWebPlayground } from "./web";

// Who may call with whose key, without its secret: through the front as it runs, and through Next's kind of request.

const MODEL = "simulated-llama-8b";
const TOKEN = "internal-token";
const BODY = { model: MODEL, max_tokens: 3, messages: [{ role: "user", content: "Hello" }] };

type Rig = Awaited<ReturnType<typeof startGatewayRig>>;
type Key = Awaited<ReturnType<Rig["issueKey"]>>;

let rig: Rig;
let pod: Awaited<ReturnType<typeof startSimulator>>;
let close: () => Promise<void>;
const sites: Record<string, string> = {};

beforeAll(async () => {
  pod = await startSimulator({ keys: ["pod-key"], models: [MODEL], tokensPerSecond: 200, ttftMs: 1 });
  rig = await startGatewayRig("node", pod.url, "pod-key", [MODEL], undefined, {}, { recheckMs: 100, sweepMs: 50 });
  const answerGateway = createNodeHandler(rig.gateway.handle);
  const answerPlayground = createNodePlayground(rig.gateway.handle);
  const pages = createHandOver({ port: () => null, internalToken: TOKEN, publicUrl: null });
  const front = createFront((request, response) => {
    if (answerGateway(request, response) || answerPlayground(request, response)) return;
    pages.handOver(request, response);
  });
  const web = createServer(webAdapter(createWebPlayground(rig.gateway.handle, () => "127.0.0.1")));
  for (const [name, server] of Object.entries({ front, web })) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    sites[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  close = async () => {
    for (const server of [front, web]) {
      server.closeAllConnections();
      server.close();
    }
    pages.close();
    await rig.stop();
    await pod.close();
  };
});

afterAll(() => close());

/** Stands in for Next: whatever comes is a web request for the playground. */
function webAdapter(answer: (request: Request) => Promise<Response>) {
  return async (incoming: import("node:http").IncomingMessage, outgoing: import("node:http").ServerResponse) => {
    const left = new AbortController();
    outgoing.once("close", () => left.abort());
    const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
      (values ?? []).map((value): [string, string] => [name, value]),
    );
    const body = Readable.toWeb(incoming) as ReadableStream<Uint8Array>;
    const init = { method: "POST", headers, body, duplex: "half", signal: left.signal } as RequestInit;
    const response = await answer(new Request(`http://rig${incoming.url}`, init));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    for await (const chunk of response.body ?? []) outgoing.write(chunk);
    outgoing.end();
  };
}

async function signedIn(memberId: string) {
  const sessionId = await beginSession(db, memberId, browser, new Date());
  return { sessionId, cookie: `${sessionCookieName()}=${await sealSessionId(sessionId)}` };
}

type Sent = {
  site?: string;
  cookie?: string;
  key?: string;
  origin?: string | null;
  body?: object;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

function send({ site = "front", cookie, key, origin = sites[site] ?? "", body = BODY, headers, signal }: Sent) {
  return fetch(`${sites[site]}/playground/chat`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(cookie === undefined ? {} : { cookie }),
      ...(origin === null ? {} : { origin }),
      ...(key === undefined ? {} : { "x-playground-key": key }),
      ...headers,
    },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
}

async function codeOf(response: Response) {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}

const asked = () => pod.ledger.totalRequests;

async function expectRefused(sent: Sent, expected: [number, string]) {
  const before = asked();
  expect(await codeOf(await send(sent))).toEqual(expected);
  expect(asked(), "the pod was not asked").toBe(before);
}

describe.each(["front", "web"])("over the %s", (site) => {
  let key: Key;
  let cookie: string;
  beforeAll(async () => {
    key = await rig.issueKey();
    cookie = (await signedIn(key.memberId)).cookie;
  });

  test("a member calls with a key of their own, and the row is that key's", async () => {
    const response = await send({ site, cookie, key: key.keyId });
    const answer = (await response.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
    expect(response.status).toBe(200);
    expect(await rig.rowsOf(key.keyId)).toMatchObject([
      {
        request_id: response.headers.get("x-request-id"),
        route: "/v1/chat/completions",
        outcome: "completed",
        prompt_tokens: answer.usage.prompt_tokens,
        completion_tokens: answer.usage.completion_tokens,
      },
    ]);
  });

  test("a key of somebody else's is as unknown as none, also to an admin", async () => {
    const theirs = await rig.issueKey();
    await expectRefused({ site, cookie, key: theirs.keyId }, [404, "not_found"]);
    await db.user.update({ where: { id: key.memberId }, data: { role: "OWNER" }, select: { id: true } });
    await expectRefused({ site, cookie, key: theirs.keyId }, [404, "not_found"]);
    for (const none of [undefined, "", "' OR true --", "018f0000-0000-7000-8000-000000000000", key.secret]) {
      await expectRefused({ site, cookie, ...(none === undefined ? {} : { key: none }) }, [404, "not_found"]);
    }
    expect(await rig.rowsOf(theirs.keyId)).toEqual([]);
  });

  test("without our own page's origin nothing is asked", async () => {
    for (const origin of [null, "null", "https://evil.example", `${sites[site]}.evil.example`, ""]) {
      await expectRefused({ site, cookie, key: key.keyId, origin }, [403, "forbidden"]);
    }
  });

  test("no session, an ended one, a made-up one and two at once are no way in", async () => {
    const ended = await signedIn(key.memberId);
    await endSession(ended.sessionId, new Date());
    const madeUp = `${sessionCookieName()}=${Buffer.from(key.memberId).toString("base64url")}`;
    for (const given of [undefined, "", ended.cookie, madeUp, `${cookie}; ${ended.cookie}`, `a=b; x${cookie}`]) {
      const sent = { site, key: key.keyId, ...(given === undefined ? {} : { cookie: given }) };
      await expectRefused(sent, [401, "session_ended"]);
    }
    const response = await send({ site, cookie: `theme=dark; ${cookie}; a="b=c"`, key: key.keyId });
    expect(response.status).toBe(200);
  });

  test("a secret opens nothing here, and neither does a header that only we may set", async () => {
    const forged = {
      authorization: `Bearer ${key.secret}`,
      "x-podpass-peer": `${TOKEN} 127.0.0.1`,
      "x-podpass-internal": TOKEN,
      prove: "true",
    };
    await expectRefused({ site, key: key.keyId, headers: forged }, [401, "session_ended"]);
  });

  test("it opens no more than the key does: ended, disabled, other models, other networks", async () => {
    const { memberId } = key;
    const cases: [Parameters<Rig["issueKey"]>[0], string, [number, string]][] = [
      [{}, "revoked_at = now()", [401, "key_revoked"]],
      [{}, "disabled_at = now()", [401, "key_disabled"]],
      [{ expiresAt: new Date(Date.now() - 1_000) }, "name = name", [401, "key_expired"]],
      [{ models: ["another-model"] }, "name = name", [403, "model_not_allowed"]],
      [{ cidrs: ["192.0.2.0/24"] }, "name = name", [403, "ip_not_allowed"]],
    ];
    for (const [fields, change, expected] of cases) {
      const { keyId } = await rig.issueKey({ ...fields, memberId });
      await rig.database.query(`UPDATE api_keys SET ${change} WHERE id = $1`, [keyId]);
      await expectRefused({ site, cookie, key: keyId }, expected);
    }
  });

  test("the key's limits count calls with its secret and from here together", async () => {
    const { keyId, secret, memberId } = await rig.issueKey({ memberId: key.memberId, limits: { rpm: 2 } });
    expect(memberId).toBe(key.memberId);
    expect((await send({ site, cookie, key: keyId })).status).toBe(200);
    const byProgram = await fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      body: JSON.stringify(BODY),
    });
    expect(byProgram.status).toBe(200);
    await expectRefused({ site, cookie, key: keyId }, [429, "rate_limit_exceeded"]);
  });

  test("after a rotation the current secret's key goes on", async () => {
    const { keyId } = await rig.issueKey({ memberId: key.memberId });
    await rig.addSecret(keyId);
    await rig.database.query(
      "UPDATE api_key_secrets SET expires_at = now() WHERE api_key_id = $1 AND expires_at IS NOT NULL",
      [keyId],
    );
    expect((await send({ site, cookie, key: keyId })).status).toBe(200);
  });

  test("a member who stops a stream has its exact tokens in the row", async () => {
    const { keyId } = await rig.issueKey({ memberId: key.memberId });
    const stop = new AbortController();
    const response = await send({
      site,
      cookie,
      key: keyId,
      signal: stop.signal,
      body: {
        ...BODY,
        max_tokens: 2_000,
        stream: true,
        stream_options: { include_usage: true, continuous_usage_stats: true },
      },
    });
    const reader = response.body?.getReader();
    let text = "";
    while (text.split("\n\n").length < 6) text += new TextDecoder().decode((await reader?.read())?.value);
    const told = [...text.matchAll(/"completion_tokens":(\d+)/g)].map(([, count]) => Number(count));
    stop.abort();
    await expect.poll(async () => (await rig.rowsOf(keyId))[0]?.outcome).toBe("client_closed");
    const [row] = await rig.rowsOf(keyId);
    expect(row).toMatchObject({ token_source: "measured", streamed: true });
    expect(row?.completion_tokens).toBeGreaterThanOrEqual(Math.max(...told));
    expect(row?.completion_tokens).toBeLessThan(2_000);
  });

  test("a session that ends takes its running stream with it", async () => {
    const session = await signedIn(key.memberId);
    const response = await send({
      site,
      cookie: session.cookie,
      key: key.keyId,
      body: { ...BODY, max_tokens: 4_000, stream: true },
    });
    await endSession(session.sessionId, new Date());
    const text = await response.text();
    expect(text).toContain("session_ended");
    expect(text).not.toContain("[DONE]");
  });
});

test("at the front, any other spelling or method is not the playground's", async () => {
  const { keyId, memberId } = await rig.issueKey();
  const { cookie } = await signedIn(memberId);
  const before = asked();
  const headers = { cookie, origin: sites.front ?? "", "x-playground-key": keyId, "content-type": "application/json" };
  for (const path of ["/playground/chat/", "//playground/chat", "/playground/%63hat", "/Playground/chat"]) {
    const response = await fetch(`${sites.front}${path}`, { method: "POST", headers, body: JSON.stringify(BODY) });
    expect([path, response.status]).toEqual([path, 503]);
  }
  expect((await fetch(`${sites.front}/playground/chat`, { headers })).status).toBe(503);
  expect(asked()).toBe(before);
});
