import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { browser, makeMember } from "@/test/fixtures/members";
import { db } from "../db";
import { changePassword } from "./profile";
import { beginSession } from "./sessions";
import { signInWithPassword } from "./sign-in";
import { ACCOUNT_STREAK, ADDRESS_FAILURES, countAttempt, PAIR_FAILURES, WINDOW_MS } from "./throttle";

const at = new Date("2026-03-29T00:30:00Z");
const later = (ms: number) => new Date(at.getTime() + ms);
const password = "tea in Kathmandu";
const from = (ip: string | null) => ({ ip, userAgent: null });
let lastAddress = 0;

function freshAddress() {
  lastAddress += 1;
  return `198.51.${lastAddress >> 8}.${lastAddress & 255}`;
}

test("the right password signs in, whatever the case of the address", async () => {
  const { email, id } = await makeMember("MEMBER", { password });
  const outcome = await signInWithPassword({ email: ` ${email.toUpperCase()} `, password }, browser, at);
  expect(outcome).toEqual({ kind: "signed_in", memberId: id });
});

test("a wrong password, an unknown address, a disabled member and one without a password get the same answer", async () => {
  const [known, disabled, passwordless] = await Promise.all([
    makeMember("MEMBER", { password }),
    makeMember("MEMBER", { password }),
    makeMember("MEMBER"),
  ]);
  await db.user.update({ where: { id: disabled.id }, data: { disabledAt: at }, select: { id: true } });
  const tries = [
    { email: known.email, password: "not this one at all" },
    { email: `${randomUUID()}@example.org`, password },
    { email: disabled.email, password },
    { email: passwordless.email, password },
  ];
  const answers = await Promise.all(tries.map((given) => signInWithPassword(given, from(freshAddress()), at)));
  expect(answers).toEqual(tries.map(() => ({ kind: "refused" })));
});

test("of forty attempts at once ten are looked at, and then even the right password waits for the window's end", async () => {
  const { email, id } = await makeMember("MEMBER", { password });
  const ip = freshAddress();
  const wrong = () => signInWithPassword({ email, password: "wrong wrong wrong" }, from(ip), at);
  const kinds = (await Promise.all(Array.from({ length: 40 }, wrong))).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "refused")).toHaveLength(PAIR_FAILURES);
  const right = (time: Date, address = ip) => signInWithPassword({ email, password }, from(address), time);
  expect(await right(later(60_000))).toEqual({ kind: "throttled", until: later(WINDOW_MS) });
  expect(await right(later(60_000), freshAddress())).toEqual({ kind: "signed_in", memberId: id });
  const audited = await db.auditEvent.findMany({
    where: { memberId: id, action: "sign_in.throttle" },
    select: { after: true },
  });
  expect(audited).toEqual([{ after: { reason: "pair" } }]);
  expect(await right(later(WINDOW_MS))).toEqual({ kind: "signed_in", memberId: id });
});

test("one address may not try one password on every account", async () => {
  const ip = freshAddress();
  const tries = Array.from({ length: ADDRESS_FAILURES + 5 }, () => ({
    email: `${randomUUID()}@example.org`,
    address: ip,
  }));
  for (const attempt of tries) await countAttempt(attempt, at);
  const { email } = await makeMember("MEMBER", { password });
  expect(await signInWithPassword({ email, password }, from(ip), at)).toMatchObject({ kind: "throttled" });
  expect(await signInWithPassword({ email, password }, from(freshAddress()), at)).toMatchObject({ kind: "signed_in" });
});

test("a hundred in a row from everywhere close the account's password, and hammering one closed door does not add to them", async () => {
  const { email } = await makeMember("MEMBER", { password });
  const hammer = { email, address: freshAddress() };
  for (let tries = 0; tries < 150; tries += 1) await countAttempt(hammer, at);
  expect(await countAttempt({ email, address: freshAddress() }, at)).toMatchObject({
    account: { streak: PAIR_FAILURES + 1 },
  });
  for (let tries = PAIR_FAILURES + 1; tries < ACCOUNT_STREAK; tries += 1) {
    await countAttempt({ email, address: freshAddress() }, at);
  }
  const outcome = await signInWithPassword({ email, password }, from(freshAddress()), later(WINDOW_MS * 100));
  expect(outcome).toEqual({ kind: "throttled", until: null });
});

test("an enormous password is refused unread", async () => {
  const { email } = await makeMember("MEMBER", { password });
  const took: number[] = [];
  for (let tries = 0; tries < 5; tries += 1) {
    const started = performance.now();
    const outcome = await signInWithPassword({ email, password: "x".repeat(100_000) }, browser, at);
    took.push(performance.now() - started);
    expect(outcome).toEqual({ kind: "too_long" });
  }
  expect(Math.min(...took)).toBeLessThan(20);
});

test("a new password ends every other session, and wrong guesses at the old one are counted", async () => {
  const member = await makeMember("MEMBER", { password });
  const [here, elsewhere] = [
    await beginSession(db, member.id, browser, at),
    await beginSession(db, member.id, browser, at),
  ];
  const actor = { ...member.actor, ip: freshAddress(), sessionId: here };
  const change = (current: string) => changePassword(actor, { current, password: "coffee in Pokhara" }, at);
  await expect(change("guess")).rejects.toMatchObject({ code: "invalid_request", param: "current" });
  await change(password);
  const sessions = await db.session.findMany({ where: { userId: member.id }, select: { id: true, endedAt: true } });
  expect(sessions.find(({ id }) => id === here)?.endedAt).toBeNull();
  expect(sessions.find(({ id }) => id === elsewhere)?.endedAt).toEqual(at);
  for (let tries = 0; tries < PAIR_FAILURES; tries += 1) await change("guess").catch(() => undefined);
  await expect(change("coffee in Pokhara")).rejects.toMatchObject({ code: "rate_limit_exceeded" });
});
