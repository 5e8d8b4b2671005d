import { once } from "node:events";
import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ERROR_CODES } from "@/lib/errors";
import { ROUTES } from "@/lib/gateway/routes";
import { mintSecret } from "@/lib/keys/secret";
import { type FrontRig, MODEL, POD_KEY, startFrontRig } from "@/test/rig/front";
import { openRaw, parseAnswer, type RawAnswer, sendRaw } from "@/test/rig/raw-http";

// Bytes that no HTTP client would send, against the front and the gateway as they run, and what of them a pod sees.

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const MB = 1024 * 1024;

let site: FrontRig;
let memoryBefore = 0;

beforeAll(async () => {
  site = await startFrontRig();
  expect((await send(complete())).status).toBe(200);
  memoryBefore = memoryInUse();
});

afterAll(() => site?.stop());

const bearer = (secret = site.key.secret) => `Authorization: Bearer ${secret}\r\n`;
const bodyWith = (fields: object = {}) => JSON.stringify({ model: MODEL, prompt: "x", max_tokens: 1, ...fields });

/** A completion as raw bytes; `headers` are whole lines. */
function complete({
  body = bodyWith(),
  headers = "",
  credential = bearer(),
  path = "/v1/completions",
  length = `Content-Length: ${Buffer.byteLength(body)}\r\n`,
}: {
  body?: string;
  headers?: string;
  credential?: string;
  path?: string;
  length?: string;
} = {}) {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\n${credential}Content-Type: application/json\r\n${headers}${length}\r\n${body}`;
}

const seenByPod = () => site.pod.ledger.totalRequests;
const answers: RawAnswer[] = [];

/** Sends it and keeps the answer for the checks that hold of every answer. */
async function send(bytes: string | Buffer) {
  const answer = await sendRaw(site.port, bytes);
  answers.push(answer);
  return answer;
}

const codeOf = (answer: RawAnswer) => {
  const body = JSON.parse(answer.body) as { error: { code?: string; type: string } };
  return body.error.code ?? body.error.type;
};

/** Whichever comes first. */
const nextOf = (socket: Socket, ...events: string[]) =>
  new Promise<void>((resolve) => {
    const done = () => {
      for (const event of events) socket.off(event, done);
      resolve();
    };
    for (const event of events) socket.on(event, done);
  });

function memoryInUse() {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("framing", () => {
  const smuggled = () => complete({ body: bodyWith({ user: "smuggled" }) });
  const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;

  test.each<[string, () => string]>([
    [
      "a length and chunks",
      () => complete({ length: "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body: `0\r\n\r\n${smuggled()}` }),
    ],
    [
      "chunks and a length",
      () => complete({ length: "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body: `0\r\n\r\n${smuggled()}` }),
    ],
    ["two lengths", () => complete({ headers: "Content-Length: 0\r\n", body: smuggled() })],
    ["a list of lengths", () => complete({ length: "Content-Length: 5, 5\r\n", body: "hello" })],
    ["a length with a sign", () => complete({ length: `Content-Length: +5\r\n`, body: `hello${smuggled()}` })],
    ["a length in hexadecimal", () => complete({ length: `Content-Length: 0x5\r\n`, body: `hello${smuggled()}` })],
    ["an encoding of another name", () => complete({ length: "Transfer-Encoding: xchunked\r\n", body: smuggled() })],
    [
      "chunks that are not the last encoding",
      () => complete({ length: "Transfer-Encoding: chunked, identity\r\n", body: `0\r\n\r\n${smuggled()}` }),
    ],
    [
      "two encodings, chunks first",
      () =>
        complete({
          length: "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
          body: `0\r\n\r\n${smuggled()}`,
        }),
    ],
    [
      "two encodings, chunks last",
      () =>
        complete({
          length: "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
          body: `0\r\n\r\n${smuggled()}`,
        }),
    ],
    [
      "chunks twice",
      () => complete({ length: "Transfer-Encoding: chunked, chunked\r\n", body: `0\r\n\r\n${smuggled()}` }),
    ],
    [
      "an encoding behind a vertical tab",
      () => complete({ length: "Transfer-Encoding:\x0bchunked\r\n", body: `0\r\n\r\n${smuggled()}` }),
    ],
    [
      "chunks in HTTP/1.0",
      () =>
        complete({ length: "Transfer-Encoding: chunked\r\n", body: `0\r\n\r\n${smuggled()}` }).replace(
          "HTTP/1.1",
          "HTTP/1.0",
        ),
    ],
    ["a folded header", () => complete({ headers: "X-A: b\r\n c\r\n" })],
    ["a space before the colon", () => complete({ length: "Content-Length : 5\r\n", body: `hello${smuggled()}` })],
    ["a zero byte in a header", () => complete({ headers: "X-A: a\0b\r\n" })],
    ["a lone CR in a header", () => complete({ headers: "X-A: a\rX-B: b\r\n" })],
    [
      "a chunk without a size",
      () => complete({ length: "Transfer-Encoding: chunked\r\n", body: "zz\r\nabc\r\n0\r\n\r\n" }),
    ],
    [
      "a chunk with a negative size",
      () => complete({ length: "Transfer-Encoding: chunked\r\n", body: "-1\r\nabc\r\n0\r\n\r\n" }),
    ],
    [
      "a chunk size that overflows",
      () => complete({ length: "Transfer-Encoding: chunked\r\n", body: "10000000000000001\r\na\r\n0\r\n\r\n" }),
    ],
    [
      "a chunk that is longer than its size",
      () => complete({ length: "Transfer-Encoding: chunked\r\n", body: `1\r\nabc\r\n0\r\n\r\n${smuggled()}` }),
    ],
    [
      "chunk extensions without end",
      () => complete({ length: "Transfer-Encoding: chunked\r\n", body: `1;${"a".repeat(40_000)}\r\na\r\n0\r\n\r\n` }),
    ],
  ])("%s: refused once, the connection closed, and the pod sees nothing", async (_, bytes) => {
    const [before, letThrough] = [seenByPod(), site.letThrough()];
    const answer = await send(bytes());
    expect(answer.text).toMatch(/^HTTP\/1\.1 4(00|13) /);
    expect([answer.answers, answer.isClosed, seenByPod() - before]).toEqual([1, true, 0]);
    expect(site.letThrough() - letThrough).toBeLessThanOrEqual(1);
    expect(answer.headers.get("connection")).toBe("close");
  });

  test("line ends without CR separate nothing that could be smuggled", async () => {
    const before = seenByPod();
    for (const bytes of [
      complete().replaceAll("\r\n", "\n"),
      complete({ headers: "X-A: b\nContent-Length: 0\n" }),
      complete({ length: "Transfer-Encoding: chunked\r\n", body: `1\na\n0\n\n${smuggled()}` }),
    ]) {
      const answer = await send(bytes);
      expect([answer.status, answer.answers, answer.isClosed]).toEqual([400, 1, true]);
    }
    expect(seenByPod() - before).toBe(0);
  });

  test("chunk extensions and trailers are read past: no trailer becomes a header", async () => {
    const body = bodyWith();
    const size = Buffer.byteLength(body).toString(16);
    const before = seenByPod();
    const extended = await send(
      complete({ length: "Transfer-Encoding: chunked\r\n", body: `${size};a=b\r\n${body}\r\n0\r\n\r\n` }),
    );
    const trailed = await send(
      complete({
        credential: "",
        length: "Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n",
        body: `${size}\r\n${body}\r\n0\r\n${bearer()}\r\n`,
      }),
    );
    expect([extended.status, trailed.status, seenByPod() - before]).toEqual([200, 401, 1]);
  });

  test("a body under GET is not taken for a next request", async () => {
    const inner = smuggled();
    const before = site.pod.ledger.entries.filter(({ path }) => path === "/v1/completions").length;
    const framed = [
      `Content-Length: ${Buffer.byteLength(inner)}\r\n\r\n${inner}`,
      `Transfer-Encoding: chunked\r\n\r\n${chunked(inner)}`,
    ];
    for (const rest of framed) {
      const answer = await send(`GET /v1/models HTTP/1.1\r\nHost: a\r\n${bearer()}${rest}`);
      expect([answer.status, answer.answers]).toEqual([200, 1]);
    }
    expect(site.pod.ledger.entries.filter(({ path }) => path === "/v1/completions").length).toBe(before);
  });
});

describe("targets", () => {
  test.each([
    ["an absolute address", "GET http://169.254.169.254/latest HTTP/1.1\r\nHost: a\r\n"],
    ["our own absolute address", "GET http://a/v1/models HTTP/1.1\r\nHost: a\r\n"],
    ["a tunnel", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\n"],
    ["everything", "OPTIONS * HTTP/1.1\r\nHost: a\r\n"],
    ["two hosts", "GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n"],
    ["no host", "GET /v1/models HTTP/1.1\r\n"],
  ])("%s is refused, and what follows on the connection is not served", async (_, head) => {
    const before = site.letThrough();
    const answer = await send(`${head}${bearer()}\r\n${complete()}`);
    expect([answer.status, answer.answers, answer.isClosed, site.letThrough() - before]).toEqual([400, 1, true, 0]);
  });

  test("no route of vLLM's but ours reaches the pod, in no spelling", async () => {
    const before = seenByPod();
    const paths =
      `/load /invocations /pooling /score /rerank /pause /resume /sleep /wake_up /update_weights /metrics /ping
      /server_info /reset_prefix_cache /collective_rpc /scale_elastic_ep /inference/v1/generate /abort_requests
      /v1/load_lora_adapter /v1/unload_lora_adapter /v2/rerank /classify /start_profile /stop_profile /is_sleeping
      //v1/completions /v1//completions /v1/completions/ /V1/completions /v1/Completions /v1/./completions
      /v1/chat/../completions /v1/%63ompletions /v1/completions%00 /v1/completions;a=b /%761/completions
      /v1/completions/../../load /v1\\completions /v1/models/..%2f..%2fload`.split(/\s+/);
    for (const path of paths) {
      const answer = await send(complete({ path }));
      expect([path, answer.status]).toEqual([path, path.startsWith("/v1/") ? 404 : expect.toSatisfy(isAway)]);
    }
    expect(seenByPod() - before).toBe(0);
  });

  /** Not the API's: the dashboard's to answer, which is away here. */
  const isAway = (status: number) => status === 503 || status === 404;
});

describe("credentials", () => {
  const refused = async (bytes: string) => {
    const before = seenByPod();
    const answer = await send(bytes);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect([answer.status, codeOf(answer), seenByPod() - before]).toEqual([401, "invalid_api_key", 0]);
    expect(answer.text).not.toContain(site.key.secret);
    return answer;
  };

  test("whatever is no secret of ours gets one and the same answer", async () => {
    const { secret } = site.key;
    const shapes = [
      "Bearer",
      "Bearer  ",
      "Basic x",
      `Token ${secret}`,
      secret,
      `Bearer ${secret} x`,
      `Bearer ${secret},`,
      `Bearer ${secret.toUpperCase()}`,
      `Bearer ${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`,
      `Bearer ${secret.slice(0, 10)}${secret[10] === "a" ? "b" : "a"}${secret.slice(11)}`,
      `Bearer ${mintSecret()}`,
      "Bearer ' OR 1=1 --",
      'Bearer "; DROP TABLE users; --',
      "Bearer %s%n%x{{7*7}}<%= 7 %>",
      "Bearer \xed\xa0\x80\xff",
      "Bearer %E0%A4%A",
      `Bearer ${"a".repeat(8_000)}`,
    ];
    const bodies = new Set<string>();
    for (const shape of shapes)
      bodies.add((await refused(complete({ credential: `Authorization: ${shape}\r\n` }))).body);
    expect(bodies.size).toBe(1);
  });

  test("the scheme's case does not matter", async () => {
    for (const scheme of ["bearer", "BEARER"]) {
      const answer = await send(complete({ credential: `Authorization: ${scheme} ${site.key.secret}\r\n` }));
      expect(answer.status).toBe(200);
    }
  });

  test("a live secret anywhere but in its header opens nothing, and no query is kept", async () => {
    const { secret } = site.key;
    await refused(complete({ credential: "" }));
    await refused(complete({ credential: "", path: `/v1/completions?api_key=${secret}` }));
    await refused(complete({ credential: "", path: `/v1/completions?key=${secret}` }));
    await refused(complete({ credential: "", body: bodyWith({ api_key: secret }) }));
    for (const name of ["Cookie: session=", "api-key: ", "x-api-key: ", "Proxy-Authorization: Bearer "]) {
      await refused(complete({ credential: `${name}${secret}\r\n` }));
    }
    await refused(complete({ credential: bearer() + bearer() }));
    const two = await send(complete({ credential: `${bearer()}x-api-key: ${secret}\r\n`, path: "/v1/messages" }));
    expect([two.status, codeOf(two)]).toEqual([401, "authentication_error"]);
    expect(site.lines.every(({ path, error }) => !`${path}${error?.message}`.includes(secret))).toBe(true);
  });

  test("headers of 64 KB and 1 MB are 431", async () => {
    for (const bytes of [64 * 1024, MB]) {
      const answer = await send(complete({ credential: `Authorization: Bearer ${"a".repeat(bytes)}\r\n` }));
      expect([answer.status, codeOf(answer), answer.isClosed]).toEqual([431, "headers_too_large", true]);
    }
  });
});

describe("bodies", () => {
  test("fields and headers that would send the pod's key elsewhere never reach the pod", async () => {
    const before = seenByPod();
    const fields = "api_base base_url api_key custom_host headers extra_headers extra_body url user_config".split(" ");
    for (const field of fields) {
      const answer = await send(complete({ body: bodyWith({ [field]: "http://192.0.2.1" }) }));
      expect([field, answer.status, codeOf(answer)]).toEqual([field, 400, "unsupported_parameter"]);
    }
    expect(seenByPod() - before).toBe(0);
    const headers = "x-portkey-custom-host: http://192.0.2.1\r\nX-Forwarded-Host: b\r\nX-Data-Parallel-Rank: 3\r\n";
    expect((await send(complete({ headers }))).status).toBe(200);
  });

  test.each([
    ["unknown", "no-such-model-canary", 404],
    ["a path", "../../etc/passwd-canary", 404],
    ["markup", "<script>canary</script>", 404],
    ["10k characters", "canary".repeat(1_700), 400],
    ["a list", ["canary"], 400],
    ["an object", { canary: 1 }, 400],
    ["nothing", null, 400],
  ])("a model that is %s is refused without being repeated", async (_, model, status) => {
    const answer = await send(complete({ body: bodyWith({ model }) }));
    expect([answer.status, answer.body.includes("canary")]).toEqual([status, false]);
  });

  test("a body that announces too much is refused before it is sent", async () => {
    for (const length of ["20000000", "9007199254740991"]) {
      const answer = await send(complete({ length: `Content-Length: ${length}\r\n`, body: "{" }));
      expect([answer.status, codeOf(answer), answer.isClosed]).toEqual([413, "request_too_large", true]);
    }
  });

  test("chunks without end are cut at the route's limit", async () => {
    const socket = openRaw(site.port, complete({ length: "Transfer-Encoding: chunked\r\n", body: "" }));
    const chunk = Buffer.from(`80000\r\n${"a".repeat(0x80000)}\r\n`);
    let text = "";
    socket.resume().on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
    });
    let sent = 0;
    const goesOn = () => text === "" && !socket.destroyed && sent < 64 * MB;
    while (goesOn()) {
      sent += chunk.length;
      if (!socket.write(chunk)) await nextOf(socket, "drain", "data", "close");
    }
    await expect.poll(() => socket.destroyed || socket.readableEnded).toBe(true);
    socket.destroy();
    const answer = parseAnswer(text, true);
    expect([answer.status, codeOf(answer)]).toEqual([413, "request_too_large"]);
    expect(sent).toBeLessThan(32 * MB);
  });

  test("a length that lies ends the connection", async () => {
    const before = seenByPod();
    const short = await send(complete({ length: "Content-Length: 10\r\n" }));
    expect([short.status, short.isClosed]).toEqual([400, true]);
    const long = openRaw(site.port, complete({ length: "Content-Length: 5000\r\n" }));
    long.end();
    await once(long.resume(), "close");
    expect(seenByPod() - before).toBe(0);
  });

  test.each(["gzip", "br", "zstd", "deflate", "gzip,gzip", "identity, gzip", "x-unheard-of"])(
    "a body in %s is not unpacked",
    async (encoding) => {
      const answer = await send(complete({ headers: `Content-Encoding: ${encoding}\r\n`, body: "\x1f\x8b\x08" }));
      expect([answer.status, codeOf(answer)]).toEqual([415, "unsupported_media_type"]);
    },
  );

  test("an announced body is asked for, an unknown expectation is 417", async () => {
    const asked = await send(complete({ headers: "Expect: 100-continue\r\n" }));
    expect(asked.text).toMatch(/^HTTP\/1\.1 100 /);
    expect([asked.status, asked.answers]).toEqual([200, 1]);
    const before = seenByPod();
    const unknown = await send(complete({ headers: "Expect: the-unexpected\r\n" }));
    expect([unknown.status, codeOf(unknown), unknown.answers, seenByPod() - before]).toEqual([
      417,
      "expectation_failed",
      1,
      0,
    ]);
  });
});

test("plain HTTP is never redirected: a client would have sent its key twice", async () => {
  const answer = await send(complete({ headers: "X-Forwarded-Proto: http\r\n" }));
  expect([answer.status >= 300 && answer.status < 400, answer.headers.has("location")]).toEqual([false, false]);
});

describe("after all of it", () => {
  test("each error is from the catalogue, with a request id of its own", () => {
    const errors = answers.filter(({ status }) => status >= 400);
    expect(errors.length).toBeGreaterThan(80);
    for (const error of errors) {
      expect([...ERROR_CODES, "authentication_error"], error.text).toContain(codeOf(error));
      expect(error.headers.get("x-request-id"), error.text).toMatch(/^[0-9a-f-]{36}$/);
      expect(error.headers.get("cache-control")).toBe("no-store");
    }
    const ids = answers.map(({ headers }) => headers.get("x-request-id"));
    expect(new Set(ids).size).toBe(answers.length);
  });

  test("nothing malformed was answered with an error of ours", () => {
    const ours = answers.filter(({ status, body }) => status >= 500 && !body.includes("The dashboard is starting"));
    expect(ours.map(({ text }) => text)).toEqual([]);
    expect(site.lines.filter(({ status }) => (status ?? 0) >= 500)).toEqual([]);
  });

  test("the pod saw our routes, our headers and its own key, once a request", () => {
    const paths = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`));
    const names = "accept accept-encoding authorization connection content-length content-type host x-request-id".split(
      " ",
    );
    for (const { method, path, headers } of site.pod.ledger.entries) {
      expect(paths).toContain(`${method} ${path}`);
      expect(names).toEqual(expect.arrayContaining(Object.keys(headers)));
    }
    const heard = site.tap.heard();
    expect(heard.match(/^authorization:.*$/gim)).toEqual(
      site.pod.ledger.entries.map(() => expect.stringContaining(`Bearer ${POD_KEY}`)),
    );
    expect(heard).not.toContain(site.key.secret);
    expect(answers.some(({ text }) => text.includes(POD_KEY))).toBe(false);
  });

  test("each request that was let in left one closed row, and its tokens are the pod's", async () => {
    const rows = await site.rig.rowsOf(site.key.keyId);
    expect(rows.every(({ outcome }) => outcome !== "open")).toBe(true);
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(rows.length);
    const produced = site.pod.ledger.entries.reduce((sum, { producedTokens }) => sum + producedTokens, 0);
    expect(rows.reduce((sum, row) => sum + row.completion_tokens, 0)).toBe(produced);
  });

  test("connections and memory are back where they were", async () => {
    await expect.poll(() => site.sockets.size).toBe(0);
    expect(site.rig.gateway.stats()).toMatchObject({ live: 0, waiting: 0 });
    expect(site.tap.openConnections()).toBeLessThanOrEqual(4);
    answers.length = 0;
    await expect.poll(() => memoryInUse() - memoryBefore).toBeLessThan(32 * MB);
  });
});
