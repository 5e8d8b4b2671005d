import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { db } from "@/lib/db";
import type { Mail, MailResult } from "@/lib/mail/send";
import { makeMember } from "@/test/fixtures/members";
import { mailServer } from "@/test/rig/mail-server";
import { createKey, rotateKey } from "../mutations";
import { createKeySchema } from "../schema";
import { keyNotices } from "./queries";
import { remindMembers } from "./remind";

const DAY_MS = 86_400_000;
const start = new Date("2026-03-01T12:00:00Z");
const after = (days: number) => new Date(start.getTime() + days * DAY_MS);
const publicUrl = "https://pass.example.org";

beforeEach(async () => {
  await db.policy.update({ where: { id: 1 }, data: { rotateEveryDays: null } });
});
afterEach(async () => {
  // Others' rounds shall find only their own keys.
  await db.apiKey.updateMany({ data: { revokedAt: start } });
});

async function keyOf(fields: Record<string, string>) {
  const member = await makeMember("MEMBER");
  const { keyId, secretId } = await createKey(
    member.actor,
    createKeySchema.parse({ name: "laptop", ...fields }),
    start,
  );
  return { ...member, keyId, secretId };
}

function runner(answer: (mail: Mail) => MailResult = () => ({ sent: true })) {
  const mails: Mail[] = [];
  const log = { warn: vi.fn() };
  const send = async (mail: Mail) => {
    const result = answer(mail);
    if (result.sent) mails.push(mail);
    return result;
  };
  return { mails, log, round: (days: number) => remindMembers({ send, publicUrl, log }, after(days)) };
}

test("two replicas at the same moments tell each date and step once, through a real mail server", async () => {
  const { email, keyId } = await keyOf({ expires: "30d" });
  const { url, received } = await mailServer();
  vi.stubEnv("SMTP_URL", url);
  vi.resetModules();
  const { sendMail } = await import("@/lib/mail/send");
  const log = { warn: vi.fn() };
  const letters = [];
  for (const days of [1, 15.9, 16, 16.1, 20, 27, 27.01, 29, 29.5, 30, 31]) {
    const both = [1, 2].map(() => remindMembers({ send: sendMail, publicUrl, log }, after(days)));
    const sent = (await Promise.all(both)).reduce((sum, each) => sum + each.letters, 0);
    if (sent > 0) letters.push([days, sent]);
  }
  expect(letters).toEqual([
    [16, 1],
    [27, 1],
    [29, 1],
  ]);
  const said = received.join("").replaceAll("=\r\n", "");
  expect(said.match(new RegExp(`RCPT TO:<${email}>`, "g"))).toHaveLength(3);
  for (const words of ["in 14 days", "in 3 days", "in 24 hours", `${publicUrl}/keys/${keyId}`])
    expect(said).toContain(words);
  expect(log.warn).not.toHaveBeenCalled();
  const history = await db.auditEvent.findMany({
    where: { targetId: keyId, action: "key.remind" },
    orderBy: { at: "asc" },
  });
  expect(history.map(({ after: facts }) => (facts as { daysBefore: number }).daysBefore)).toEqual([14, 3, 1]);
});

test("steps that passed while Podpass was away are not made up for", async () => {
  await keyOf({ expires: "30d" });
  const { mails, round } = runner();
  await round(28);
  expect(mails.map(({ subject }) => subject)).toEqual(["Your key laptop expires in 2 days"]);
  await round(28.5);
  expect(mails).toHaveLength(1);
});

test("a letter names all of a member's keys, each with what is to come", async () => {
  const { email, actor } = await keyOf({ expires: "30d" });
  await createKey(actor, createKeySchema.parse({ name: "bot", expires: "60d", rotateEveryDays: "20" }), start);
  const { mails, round } = runner();
  await round(17);
  expect(mails).toHaveLength(1);
  expect(mails[0]).toMatchObject({ to: email, subject: "2 of your keys on pass.example.org need you soon" });
  expect(mails[0]?.text).toMatch(/bot is to be rotated in 3 days.*laptop expires in 13 days/s);
});

test("a rotation moves its date, and the new one has letters of its own", async () => {
  const { actor, keyId, secretId } = await keyOf({ expires: "365d", rotateEveryDays: "20" });
  const { mails, round } = runner();
  await round(19);
  await rotateKey(actor, { keyId, secretId, graceMs: 0 }, after(19.1));
  await round(19.2);
  expect(mails).toHaveLength(1);
  await round(25.2);
  await round(38.2);
  expect(mails.map(({ subject }) => subject)).toEqual([
    "Your key laptop is to be rotated in 24 hours",
    "Your key laptop is to be rotated in 14 days",
    "Your key laptop is to be rotated in 22 hours",
  ]);
});

test("a refusing mail server is asked again later, a few times, and never for a step that is over", async () => {
  const { keyId } = await keyOf({ expires: "30d" });
  let isUp = false;
  const { mails, log, round } = runner(() => (isUp ? { sent: true } : { sent: false, error: "450 not now" }));
  await round(16);
  await round(16.001);
  expect(log.warn).toHaveBeenCalledTimes(1);
  await round(16.01);
  expect(log.warn).toHaveBeenCalledTimes(2);
  isUp = true;
  await round(17);
  await round(17.1);
  expect(mails).toHaveLength(1);
  const rows = await db.keyReminder.findMany({ where: { keyId } });
  expect(rows).toMatchObject([{ daysBefore: 14, failures: 2, sentAt: after(17) }]);
});

test("nobody is told of a key that is revoked or disabled, or whose member is", async () => {
  const revoked = await keyOf({ expires: "30d" });
  const disabled = await keyOf({ expires: "30d" });
  const gone = await keyOf({ expires: "30d" });
  await db.apiKey.update({ where: { id: revoked.keyId }, data: { revokedAt: start } });
  await db.apiKey.update({ where: { id: disabled.keyId }, data: { disabledAt: start } });
  await db.user.update({ where: { id: gone.id }, data: { disabledAt: start } });
  const { mails, round } = runner();
  await round(16);
  expect(mails).toEqual([]);
});

test("the page says the same from the first step on, and goes on saying that a rotation is overdue", async () => {
  await db.policy.update({ where: { id: 1 }, data: { rotateEveryDays: 40 } });
  const { actor } = await keyOf({ expires: "365d" });
  const other = await keyOf({ expires: "365d" });
  const kinds = async (days: number) =>
    (await keyNotices(actor, after(days))).map(({ kind, isOverdue }) => [kind, isOverdue]);
  expect(await kinds(25)).toEqual([]);
  expect(await kinds(26)).toEqual([["rotation", false]]);
  expect(await kinds(90)).toEqual([["rotation", true]]);
  expect((await keyNotices(other.actor, after(90))).map(({ keyId }) => keyId)).toEqual([other.keyId]);
});
