import { randomBytes, randomUUID } from "node:crypto";
import { createInvite } from "@/lib/auth/invites";
import { type Actor, asProven } from "@/lib/auth/member";
import { changeRole, createMember, disableMember, enableMember, setMemberLimits } from "@/lib/auth/mutations";
import { findMemberByEmail } from "@/lib/auth/queries";
import { createKey, disableKey, revokeKey, rotateKey } from "@/lib/keys/mutations";
import { KEYS, type PlannedKey } from "./key-plan";
import { PEOPLE, type Person } from "./people";

const DAY_MS = 86_400_000;

/** One secret of a key and while it was what the key's programs used. */
export type Pass = {
  plan: PlannedKey;
  keyId: string;
  secretId: string;
  memberId: string;
  fromMs: number;
  toMs: number;
};

/** A secret that works, for the person at the terminal. */
export type Shown = { member: string; key: string; secret: string };

export type Login = { email: string; password: string };
export type SeededTeam = { logins: Login[]; passes: Pass[]; shown: Shown[] };

type Member = { id: string; actor: Actor };

/** Makes people and keys through the product's own mutations, each at its time in the past, so that the activity log tells their story. */
export async function seedTeam(now: Date): Promise<SeededTeam> {
  const at = (daysAgo: number) => new Date(now.getTime() - daysAgo * DAY_MS);
  const logins: Login[] = [];
  const members: Member[] = [];
  for (const person of PEOPLE) members.push(await join(person, at(person.joined), logins));
  const owner = memberAt(members, 0).actor;

  await setMemberLimits(owner, { memberId: memberAt(members, 7).id, limits: { rpm: 300, concurrency: 8 } }, at(64.5));
  await changeRole(owner, { memberId: memberAt(members, 6).id, role: "ADMIN" }, at(100));
  await createInvite(owner, { email: null, role: "MEMBER" }, at(11));
  await createInvite(owner, { email: null, role: "MEMBER" }, at(1.5));

  const made: { passes: Pass[]; shown: Shown | null }[] = [];
  for (const plan of KEYS) made.push(await issue(plan, memberAt(members, plan.of), owner, at, now));
  for (const [index, { left }] of PEOPLE.entries()) {
    if (left !== null) await disableMember(owner, { memberId: memberAt(members, index).id }, at(left - 0.01));
  }
  return {
    logins,
    passes: made.flatMap(({ passes }) => passes),
    shown: made.flatMap(({ shown }) => (shown === null ? [] : [shown])),
  };
}

/** The owner, an admin and a member can sign in; the others would through a provider. Whoever is there already keeps their password. */
async function join(person: Person, joinedAt: Date, logins: Login[]): Promise<Member> {
  const operator: Actor = { kind: "cli", memberId: null, role: "OWNER", ip: null, requestId: randomUUID() };
  const known = await findMemberByEmail(person.email);
  if (known) {
    // Who has left comes back for as long as their story is told once more.
    if (known.disabledAt !== null) await enableMember(operator, { memberId: known.id }, joinedAt);
    return { id: known.id, actor: actorOf(known.id, person) };
  }
  const role = person.name === "Elena Petrova" ? "MEMBER" : person.role;
  const password = logins.length < 3 ? randomBytes(12).toString("base64url") : undefined;
  const input = { name: person.name, email: person.email, role, ...(password !== undefined && { password }) };
  const { memberId } = await createMember(operator, input, joinedAt);
  if (password !== undefined) logins.push({ email: person.email, password });
  return { id: memberId, actor: actorOf(memberId, person) };
}

/** Addresses from the range that is kept for examples (RFC 5737). */
function actorOf(id: string, { role, joined }: Person): Actor {
  return { kind: "member", memberId: asProven(id), role, ip: `203.0.113.${joined % 250}`, requestId: randomUUID() };
}

async function issue(plan: PlannedKey, member: Member, owner: Actor, at: (daysAgo: number) => Date, now: Date) {
  const expires = { kind: "at", at: new Date(at(plan.made).getTime() + plan.lives * DAY_MS) } as const;
  const first = await createKey(member.actor, { name: plan.name, expires, ...plan.limits }, at(plan.made));
  const { keyId } = first;
  let current = { ...first, sinceMs: at(plan.made).getTime() };
  const passes: Pass[] = [];
  const endMs = Math.min(now.getTime(), expires.at.getTime(), plan.ended ? at(plan.ended.ago).getTime() : Infinity);
  const close = (toMs: number) =>
    passes.push({ plan, keyId, secretId: current.secretId, memberId: member.id, fromMs: current.sinceMs, toMs });

  for (const { ago, graceHours } of plan.rotated) {
    const rotated = await rotateKey(member.actor, { keyId, graceMs: graceHours * 3_600_000 }, at(ago));
    // Programs move over in the middle of the grace period.
    const movedMs = Math.min(at(ago).getTime() + graceHours * 1_800_000, endMs);
    close(movedMs);
    current = { ...current, ...rotated, sinceMs: movedMs };
  }
  close(endMs);
  if (plan.ended?.how === "revoked") await revokeKey(member.actor, { keyId }, at(plan.ended.ago));
  if (plan.ended?.how === "disabled") await disableKey(member.actor, { keyId }, at(plan.ended.ago));
  if (plan.ended?.how === "disabled by an admin") await disableKey(owner, { keyId }, at(plan.ended.ago));
  const works = plan.ended === null && expires.at > now;
  const shown = { member: PEOPLE[plan.of]?.name ?? "", key: plan.name, secret: current.secret };
  return { passes, shown: works ? shown : null };
}

function memberAt(members: readonly Member[], index: number): Member {
  const member = members[index];
  if (!member) throw new Error(`There is no person number ${index}.`);
  return member;
}
