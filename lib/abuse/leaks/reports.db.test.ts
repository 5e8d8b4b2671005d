import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { listActivity } from "@/lib/audit/queries";
import { db } from "@/lib/db";
import { env } from "@/lib/env";
import { loadCaller } from "@/lib/gateway/queries";
import { createKey, rotateKey } from "@/lib/keys/mutations";
import { createKeySchema } from "@/lib/keys/schema";
import { digestOf, mintSecret } from "@/lib/keys/secret";
import { verdictOn } from "@/lib/keys/verdict";
import { postgres } from "@/lib/postgres";
import { deriveKey } from "@/lib/secrets";
import { makeMember } from "@/test/fixtures/members";
import { type LeakedSecret, revokeLeaked } from "./mutations";
import { leakNotices } from "./queries";
import { takeReport } from "./report-request";
import { createLeakReports } from "./reports";

const digest = (secret: string) => digestOf(secret, deriveKey(env.PODPASS_SECRET, "pepper"));
const stranger = () => ({
  ip: `2001:db8:${Math.floor(Math.random() * 65_536).toString(16)}::1`,
  requestId: randomUUID(),
});

/** Reports as they are taken, with the letters that would be sent. */
function desk() {
  const told: LeakedSecret[] = [];
  const receive = createLeakReports({
    revoke: (secrets, reporter) => revokeLeaked(secrets.map(digest), reporter, new Date()),
    tell: (secret) => told.push(secret),
    answerAfterMs: 100,
  });
  return { receive, told };
}

async function makeKey() {
  const member = await makeMember("MEMBER");
  const made = await createKey(member.actor, createKeySchema.parse({ name: "laptop" }), new Date());
  return { member, ...made };
}

async function verdict(secret: string) {
  const facts = await loadCaller(digest(secret));
  return facts && verdictOn(facts, Date.now());
}

test("a reported secret opens nothing from then on, and its owner is told", async () => {
  const { member, keyId, secret, hint } = await makeKey();
  const { receive, told } = desk();
  const reporter = stranger();
  await receive(secret, reporter);
  expect(await verdict(secret)).toMatchObject({ ok: false, code: "key_revoked" });
  expect(told).toEqual([{ keyId, keyName: "laptop", email: member.email, hint, isRevoked: true }]);
  const { events } = await listActivity(member.actor, { targetId: keyId, action: "key.report" });
  expect(events).toMatchObject([{ actorName: "System", memberId: member.id, after: { hint }, ip: null }]);
  const { events: forAdmins } = await listActivity((await makeMember("ADMIN")).actor, { targetId: keyId });
  expect(forAdmins[0]).toMatchObject({ action: "key.report", ip: reporter.ip, requestId: reporter.requestId });
  expect(await leakNotices(member.actor, new Date())).toMatchObject([{ keyId, keyName: "laptop" }]);
  expect(await leakNotices(member.actor, new Date(Date.now() + 8 * 86_400_000))).toEqual([]);
});

test("every replica hears of it in the same transaction", async () => {
  const { keyId, secret } = await makeKey();
  const epoch = async () => (await db.keyEpoch.findUniqueOrThrow({ where: { id: 1 } })).epoch;
  const before = await epoch();
  await desk().receive(secret, stranger());
  expect(await epoch()).toBe(before + 1n);
  const change = await db.keyChange.findFirst({ where: { epoch: before + 1n } });
  expect(change?.keyIds).toEqual([keyId]);
});

test("both secrets of a key in its grace period end with either", async () => {
  const { member, keyId, secret } = await makeKey();
  const rotated = await rotateKey(member.actor, { keyId, graceMs: 3_600_000 }, new Date());
  await desk().receive(secret, stranger());
  expect(await verdict(secret)).toMatchObject({ ok: false });
  expect(await verdict(rotated.secret)).toMatchObject({ ok: false });
});

test("a secret that was rotated away ends nothing, and its owner hears of it once a day", async () => {
  const { member, keyId, secret } = await makeKey();
  const rotated = await rotateKey(member.actor, { keyId, graceMs: 0 }, new Date());
  const { receive, told } = desk();
  for (let again = 0; again < 3; again += 1) await receive(secret, stranger());
  expect(await verdict(rotated.secret)).toEqual({ ok: true });
  expect(told).toMatchObject([{ keyId, isRevoked: false }]);
  const { events } = await listActivity(member.actor, { targetId: keyId });
  expect(events.map(({ action }) => action)).toEqual(["key.report_ended", "key.rotate", "key.create"]);
});

test("reporting twice at once leaves one row", async () => {
  const { member, keyId, secret } = await makeKey();
  await Promise.all([1, 2, 3, 4].map(() => desk().receive(secret, stranger())));
  const { events } = await listActivity(member.actor, { targetId: keyId });
  expect(events.map(({ action }) => action)).toEqual(["key.report", "key.create"]);
});

test("a pasted line with the secret inside is enough, and several secrets are all ended", async () => {
  const [one, two] = [await makeKey(), await makeKey()];
  await desk().receive(`OPENAI_API_KEY="${one.secret}"\nexport OTHER=${two.secret};`, stranger());
  for (const { secret } of [one, two]) expect(await verdict(secret)).toMatchObject({ ok: false });
});

async function send(body: string, receive = desk().receive, headers: Record<string, string> = {}) {
  const request = new Request("http://localhost/report/secret", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const reporter = stranger();
  const answer = await takeReport(request, reporter, receive);
  const text = await answer.text();
  return {
    status: answer.status,
    headers: JSON.stringify([...answer.headers]).replace(reporter.requestId, ""),
    text: text.replace(reporter.requestId, ""),
  };
}

test("status, headers and body are the same for a live secret, a dead one, an unknown one and nonsense", async () => {
  const { secret } = await makeKey();
  const live = await send(JSON.stringify({ secret }));
  expect(live).toMatchObject({ status: 200, text: '{"status":"received"}' });
  for (const other of [secret, mintSecret(), "sk-vllm-nonsense", "x".repeat(4_096), "' OR true --", "\u0000\ud800"]) {
    expect(await send(JSON.stringify({ secret: other })), other.slice(0, 20)).toEqual(live);
  }
  expect(await verdict(secret)).toMatchObject({ ok: false });
});

test("the time of the answer says nothing either", async () => {
  const { receive } = desk();
  const took = async (secret: string) => {
    const startedAt = performance.now();
    await receive(secret, stranger());
    return performance.now() - startedAt;
  };
  const [real, unknown]: [number[], number[]] = [[], []];
  for (let round = 0; round < 15; round += 1) {
    real.push(await took((await makeKey()).secret));
    unknown.push(await took(mintSecret()));
  }
  // The quickest of each: what a busy machine adds says nothing about the secret.
  expect(Math.abs(Math.min(...real) - Math.min(...unknown))).toBeLessThan(10);
});

test.each([
  ["no JSON", "sk-vllm-canary", 400],
  ["an empty secret", '{"secret":"  "}', 400],
  ["no secret", '{"other":1}', 400],
  ["a list", '{"secret":["sk-vllm-canary"]}', 400],
  ["too much", JSON.stringify({ secret: "sk-vllm-canary".repeat(400) }), 413],
  ["far too much", JSON.stringify({ secret: "sk-vllm-canary".repeat(100_000) }), 413],
])("%s is refused without being repeated", async (_, body, status) => {
  const answer = await send(body);
  expect(answer.status).toBe(status);
  expect(answer.text).not.toContain("canary");
});

test("other methods and types are refused", async () => {
  const get = await takeReport(new Request("http://localhost/report/secret"), stranger(), desk().receive);
  expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  expect((await send("secret=x", undefined, { "content-type": "application/x-www-form-urlencoded" })).status).toBe(415);
});

test("one source gets ten reports, real or not, and the next source its own", async () => {
  const { receive } = desk();
  const reporter = stranger();
  const from = (ip: string) => receive(mintSecret(), { ip, requestId: "r" });
  const answers = await Promise.allSettled(Array.from({ length: 30 }, () => from(reporter.ip)));
  // An eleventh where they take longer than an instant: one a second is forgotten.
  const taken = answers.filter(({ status }) => status === "fulfilled").length;
  expect([10, 11]).toContain(taken);
  expect(answers.at(-1)).toMatchObject({ reason: { code: "rate_limit_exceeded", retryAfterSeconds: 10 } });
  await from("198.51.100.1");
});

test("reports from everywhere at once leave the database its connections", async () => {
  const { receive } = desk();
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, (_, index) => receive(mintSecret(), { ip: `10.0.${index}.1`, requestId: "r" })),
  );
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(32);
  await receive(mintSecret(), stranger());
});

test("nothing that was reported is in any table", async () => {
  const { secret } = await makeKey();
  const unknown = mintSecret();
  for (const text of [secret, unknown]) await desk().receive(text, stranger());
  const { rows } = await postgres().query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
  );
  for (const { name } of rows) {
    const found = await postgres().query(
      `SELECT count(*)::int AS rows FROM "${name}" AS t WHERE t::text LIKE ANY ($1)`,
      [[secret, unknown].map((text) => `%${text.slice(12, 40)}%`)],
    );
    expect(found.rows, name).toEqual([{ rows: 0 }]);
  }
});
