import { spawn } from "node:child_process";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, createServer as createLine } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { deriveKey } from "@/lib/secrets";

// Each command is a process of its own, which takes a while on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const root = fileURLToPath(new URL("..", import.meta.url));
// One file as in production, beside it: a process that compiles the tree first takes seconds to say anything.
const program = join(root, `dist/podpass-${randomUUID()}.js`);
const sql = new pg.Client({ connectionString: process.env.DATABASE_URL });

type Ended = { status: number | null; stdout: string; stderr: string };

/** Runs the command line as a person would, in a process of its own. */
function podpass(args: string[], { stdin = "", env = {} }: { stdin?: string; env?: Record<string, string> } = {}) {
  return new Promise<Ended>((resolve) => {
    // Making good machine code of the query compiler takes longer than the one command does.
    const child = spawn(process.execPath, ["--liftoff-only", program, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    child.stdin.on("error", () => undefined).end(stdin);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** The one JSON value that a command prints. */
async function json(args: string[], options?: Parameters<typeof podpass>[1]) {
  const { status, stdout, stderr } = await podpass([...args, "--json"], options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** The one line with which a command fails. */
async function failure(args: string[], options?: Parameters<typeof podpass>[1]) {
  const { status, stdout, stderr } = await podpass(args, options);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr.trim().split("\n")).toHaveLength(1);
  return stderr.trim();
}

const email = "ada@example.org";

beforeAll(async () => {
  await build({
    entryPoints: [join(root, "cli/podpass.ts")],
    outfile: program,
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  await sql.connect();
  await json(["member", "add", " Ada@Example.org ", "--password-stdin"], {
    stdin: "correct horse battery\n",
  });
}, 120_000);

afterAll(async () => {
  await rm(program, { force: true });
  await sql.end();
});

test("a key that does not exist is said to be so, in one line", async () => {
  expect(await failure(["key", "revoke", randomUUID()])).toBe("There is no such key.");
});

test("a database that is away is named without its password", async () => {
  const env = { DATABASE_URL: "postgres://podpass:hunter2@127.0.0.1:1/podpass" };
  const { status, stdout, stderr } = await podpass(["key", "list"], { env });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/DATABASE_URL/);
  expect(stderr).not.toMatch(/hunter2|\n\s+at /);
});

test("a database that takes seconds to let anybody in, as on a machine under load, is waited for", async () => {
  const target = new URL(process.env.DATABASE_URL ?? "");
  const slow = createLine({ pauseOnConnect: true }, (near) => {
    setTimeout(() => {
      const far = connect(Number(target.port || 5432), target.hostname);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on("error", () => undefined);
    }, 4_000);
  });
  await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((slow.address() as AddressInfo).port);
  const keys = await json(["key", "list"], { env: { DATABASE_URL: url.href } });
  expect(keys).toEqual(expect.any(Array));
  slow.close();
});

describe("members", () => {
  test("with a password can sign in, without one get a link", async () => {
    const added = await json(["member", "add", "bob@example.org"], { env: { PUBLIC_URL: "https://podpass.example" } });
    expect(added).toMatchObject({ id: expect.any(String), email: "bob@example.org", role: "MEMBER" });
    expect(added.link).toMatch(/^https:\/\/podpass\.example\/reset\/[\w-]{43}$/);
    const { rows } = await sql.query("SELECT email, role::text, password_hash FROM users ORDER BY created_at LIMIT 2");
    expect(rows).toEqual([
      { email, role: "OWNER", password_hash: expect.stringMatching(/^\$argon2id\$/) },
      { email: "bob@example.org", role: "MEMBER", password_hash: null },
    ]);
  });

  test("are refused twice, without an address, and with a weak password", async () => {
    const [twice, nobody, weak] = await Promise.all([
      failure(["member", "add", email]),
      failure(["member", "add", "nobody"]),
      failure(["member", "add", "c@example.org", "--password-stdin"], { stdin: "short\n" }),
    ]);
    expect(twice).toMatch(/already/);
    expect(nobody).toMatch(/^EMAIL: /);
    expect(weak).toMatch(/12 characters/);
  });

  test("who are shut out, the owner too, get a link with which they choose a new password", async () => {
    const env = { PUBLIC_URL: "https://podpass.example" };
    const { link, ...reset } = await json(["member", "reset", email.toUpperCase()], { env });
    expect(reset).toEqual({ id: expect.any(String), email, expiresAt: expect.any(String) });
    expect(link).toMatch(/^https:\/\/podpass\.example\/reset\/[\w-]{43}$/);
    expect(await failure(["member", "reset", "nobody@example.org"])).toMatch(/no member with the address/);
  });

  test("are listed, and disabled by address", async () => {
    await json(["member", "add", "carol@example.org"]);
    expect(await json(["member", "disable", "CAROL@example.org"])).toMatchObject({ keys: 0, sessions: 0 });
    const members: { email: string }[] = await json(["member", "list"]);
    const carol = members.find((member) => member.email === "carol@example.org");
    expect(carol).toMatchObject({ id: expect.any(String), role: "MEMBER", status: "disabled" });
  });
});

describe("keys", () => {
  test("are issued beyond the policy, and stored as a digest under the root secret", async () => {
    const limits = [
      "--rpm",
      "100",
      "--tpm",
      "1000",
      "--concurrency",
      "2",
      "--monthly-tokens",
      "5000000",
      "--monthly-usd",
      "12.50",
      "--models",
      "a, b",
      "--cidrs",
      "10.0.0.0/8,::1",
    ];
    const args = ["key", "issue", "--member", email, "--name", "ci", "--expires", "900d", ...limits];
    const issued = await json(args);
    expect(Object.keys(issued)).toEqual(["id", "secret", "hint"]);
    const pepper = deriveKey(Buffer.from(process.env.PODPASS_SECRET ?? "", "hex"), "pepper");
    const { rows } = await sql.query(
      `SELECT s.hash, s.hint, k.rpm, k.tpm, k.concurrency, k.monthly_tokens AS tokens, k.monthly_micro_usd AS usd, k.models, k.cidrs, k.expires_at > now() + interval '899 days' AS long
       FROM api_keys k JOIN api_key_secrets s ON s.api_key_id = k.id WHERE k.id = $1`,
      [issued.id],
    );
    expect(rows).toEqual([
      {
        hash: createHmac("sha256", pepper).update(issued.secret).digest(),
        hint: issued.hint,
        rpm: 100,
        tpm: 1_000,
        concurrency: 2,
        tokens: "5000000",
        usd: "12500000",
        models: ["a", "b"],
        cidrs: ["10.0.0.0/8", "::1/128"],
        long: true,
      },
    ]);
    const audit = await sql.query("SELECT actor_kind, actor_id FROM audit_events WHERE target_id = $1", [issued.id]);
    expect(audit.rows).toEqual([{ actor_kind: "cli", actor_id: null }]);
  });

  test("are rotated with a grace period or at once, and revoked, which can be said twice", async () => {
    const { id, secret } = await json(["key", "issue", "--member", email, "--name", "rotated", "--expires", "never"]);
    const rotated = await json(["key", "rotate", id, "--grace", "1h"]);
    expect(rotated).toEqual({ id, secret: expect.stringMatching(/^sk-vllm-\w{38}$/), hint: expect.any(String) });
    expect(rotated.secret).not.toBe(secret);
    expect(await listed(id)).toMatchObject({ status: "rotating", hint: rotated.hint, expiresAt: null });
    await json(["key", "rotate", id, "--grace", "0s"]);
    expect(await listed(id)).toMatchObject({ status: "active" });
    const revoked = await json(["key", "revoke", id]);
    expect(await json(["key", "revoke", id])).toEqual(revoked);
    expect(await listed(id)).toMatchObject({ status: "revoked", revokedAt: revoked.revokedAt });
    expect(await failure(["key", "rotate", id])).toMatch(/revoked/);
  });

  test("are refused with fields that mean nothing, by the name of the option", async () => {
    const issue = ["key", "issue", "--member", email, "--name"];
    const [figure, name, member] = await Promise.all([
      failure([...issue, "x", "--rpm", "many"]),
      failure([...issue, "a\u202eb"]),
      failure(["key", "issue", "--member", "who@example.org", "--name", "x"]),
    ]);
    expect(figure).toMatch(/^--rpm: /);
    expect(name).toMatch(/^--name: /);
    expect(member).toMatch(/no member/);
  });

  test("show a secret to people once, and in no list", async () => {
    const { stdout } = await podpass(["key", "issue", "--member", email, "--name", "for people"]);
    const [secret = ""] = /sk-vllm-\w{38}/.exec(stdout) ?? [];
    expect(secret).not.toBe("");
    const [table, array] = await Promise.all([podpass(["key", "list"]), podpass(["key", "list", "--json"])]);
    expect(table.stdout).toMatch(/for people +ada@example\.org +sk-vllm-\w{4}…\w{4} +active/);
    expect(table.stdout + array.stdout).not.toContain(secret);
  });

  async function listed(id: string) {
    return (await json(["key", "list", "--member", email])).find((key: { id: string }) => key.id === id);
  }
});

describe("pods", () => {
  const server = createServer((request, response) => {
    const isModels = request.url === "/v1/models";
    const isAllowed = !isModels || request.headers.authorization === "Bearer pod-key-1";
    response.writeHead(isAllowed ? 200 : 401).end(isModels ? JSON.stringify({ data: [{ id: "llama" }] }) : "");
  }).listen(0, "127.0.0.1");
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  afterAll(() => void server.close());

  test("are added with their key from standard input, tested, and listed without it", async () => {
    const added = await json(["pod", "add", "gpu", url(), "--key-stdin", "--hourly-usd", "0.78"], {
      stdin: "pod-key-1\n",
    });
    expect(added).toMatchObject({ id: expect.any(String), connection: { ok: true, models: ["llama"] } });
    const list = await podpass(["pod", "list", "--json"]);
    expect(JSON.parse(list.stdout)).toMatchObject([
      { id: added.id, name: "gpu", hourlyMicroUsd: 780_000, hasKey: true },
    ]);
    expect(list.stdout).not.toContain("pod-key-1");
    expect(await failure(["pod", "add", "gpu", url()])).toMatch(/There is a pod called gpu already/);

    await json(["pod", "edit", "gpu", "--hold-seconds", "90", "--weight", "2", "--behind-proxy", "on"]);
    const settings = { holdSeconds: 90, weight: 2, behindProxy: true, hourlyMicroUsd: 780_000 };
    expect(await json(["pod", "list"])).toMatchObject([settings]);
    await json(["pod", "edit", "gpu", "--hold-seconds", "none", "--hourly-usd", "none", "--behind-proxy", "off"]);
    expect(await json(["pod", "list"])).toMatchObject([{ holdSeconds: 0, hourlyMicroUsd: null, behindProxy: false }]);
    expect(await failure(["pod", "edit", "gpu"])).toMatch(/Name what to change/);
    const rekeyed = await json(["pod", "key", added.id], { stdin: "pod-key-2\n" });
    expect(rekeyed.connection).toMatchObject({ ok: true, takesKeyBefore: true });
    await json(["pod", "key", "gpu"], { stdin: "pod-key-1\n" });
    expect((await json(["pod", "test", "gpu"])).connection).toMatchObject({ ok: true, models: ["llama"] });
    expect(await failure(["pod", "test", "none"])).toMatch(/There is no pod called none/);
    await json(["pod", "pause", "gpu"]);
    await json(["pod", "resume", "gpu"]);

    const healthy = await json(["doctor"]);
    expect(healthy.ok).toBe(true);
    expect(healthy.checks.map(({ id, level }: { id: string; level: string }) => `${level} ${id}`)).toEqual([
      "ok environment",
      "ok database",
      "ok migrations",
      "ok secret",
      "ok clock",
      "ok owner",
      "ok pod gpu",
    ]);
  });
});

describe("the doctor", () => {
  const examine = async (env: Record<string, string>) => {
    const { status, stdout, stderr } = await podpass(["doctor", "--json"], { env });
    return { status, stderr, ...JSON.parse(stdout) };
  };

  test("names what is wrong and what to do, in plain words", async () => {
    const away = await examine({ DATABASE_URL: "postgres://podpass:hunter2@127.0.0.1:1/podpass" });
    expect(away).toMatchObject({ status: 1, ok: false, checks: [{ id: "database", level: "problem" }] });
    expect(JSON.stringify(away)).not.toContain("hunter2");
    expect(away.stderr).toBe("1 problem: database\n");
    expect(await examine({ PORT: "http" })).toMatchObject({
      status: 1,
      checks: [{ id: "environment", level: "problem" }, {}, {}],
    });
    const other = await examine({ PODPASS_SECRET: randomBytes(32).toString("hex") });
    expect(other.checks).toContainEqual(expect.objectContaining({ id: "secret", level: "problem" }));
  });
});

describe("usage", () => {
  const keyId = randomUUID();
  const requestId = "019ab0e5-5f5c-7000-8000-000000000001";
  beforeAll(async () => {
    await sql.query(
      `INSERT INTO usage_events (request_id, at, key_id, secret_id, member_id, model, route, streamed, status, outcome, token_source,
         prompt_tokens, completion_tokens, replica_id)
       VALUES ($1, now() - interval '1 hour', $2, $2, $2, '=llama', '/v1/chat/completions', true, 200, 'completed', 'measured', 5, 7, $2)`,
      [requestId, keyId],
    );
  });

  test("is exported as CSV and as JSON, request by request", async () => {
    const csv = await podpass(["usage", "export"]);
    expect(csv).toMatchObject({ status: 0, stderr: "" });
    const [head, row] = csv.stdout.split("\r\n");
    expect(head).toBe(
      "requestId,at,keyId,keyName,member,pod,model,route,streamed,status,outcome,tokenSource,promptTokens,cachedTokens,completionTokens,queueMs,ttftMs,durationMs,errorCode",
    );
    expect(row).toMatch(
      new RegExp(`^${requestId},.*,'=llama,/v1/chat/completions,true,200,completed,measured,5,0,7,,,,$`),
    );
    expect(await json(["usage", "export"])).toMatchObject([{ requestId, keyId, promptTokens: 5, completionTokens: 7 }]);
    expect(await json(["usage", "export", "--to", "2h"])).toEqual([]);
  });

  test("is refused for a group that means nothing", async () => {
    expect(await failure(["usage", "export", "--by", "colour"])).toMatch(/^--by: Use one of request, key/);
  });
});
