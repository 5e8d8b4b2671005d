import * as z from "zod/mini";
import { createMember, disableMember } from "@/lib/auth/mutations";
import { isFresh } from "@/lib/auth/owner";
import { findMemberByEmail, listMembers } from "@/lib/auth/queries";
import { createPasswordReset } from "@/lib/auth/resets";
import { emailField, newPasswordField, roleField } from "@/lib/auth/schema";
import { AppError } from "@/lib/errors";
import { operator } from "./actor";
import type { Answer, Given } from "./command";
import { parsed, secretFromStdin } from "./input";
import { columns, time } from "./print";

const memberSchema = z.object({ email: emailField, role: roleField, password: z.optional(newPasswordField) });

/** `member add`: with a password they can sign in at once, without one through a link that the operator hands over. */
export async function addMember({ words, option, isOn, now }: Given): Promise<Answer> {
  const [email] = words;
  const password = isOn("password-stdin") ? await secretFromStdin("--password-stdin") : undefined;
  // Whoever comes first closes the setup page, so somebody has to be able to administer afterwards.
  const role = (option("role") ?? ((await isFresh()) ? "owner" : "member")).toUpperCase();
  const typedAs = { email: "EMAIL", role: "--role", password: "The password" };
  const input = parsed(memberSchema, { email, role, password }, typedAs);

  const actor = operator();
  const { memberId } = await createMember(actor, withoutUndefined(input), now);
  const added = { id: memberId, email: input.email, role: input.role };
  const welcome = `${input.email} is now a member (${input.role.toLowerCase()}).`;
  if (password !== undefined) return { json: added, text: welcome };

  const { link, expiresAt } = await createPasswordReset(actor, { memberId }, now);
  return {
    json: { ...added, link, expiresAt },
    text: `${welcome}\nHand over this link, with which they choose a password. It works once, until ${time(expiresAt, "")}:\n\n  ${link}`,
  };
}

/** `member reset`: the way back in where nobody can hand over a link in the dashboard, and no mail is sent. */
export async function resetMemberNamed({ words, now }: Given): Promise<Answer> {
  const member = await memberNamed(words[0] ?? "");
  const { link, expiresAt } = await createPasswordReset(operator(), { memberId: member.id }, now);
  return {
    json: { id: member.id, email: member.email, link, expiresAt },
    text: `With this link ${member.email} chooses a new password. It works once, until ${time(expiresAt, "")}:\n\n  ${link}`,
  };
}

/** `member disable`. */
export async function disableMemberNamed({ words, now }: Given): Promise<Answer> {
  const member = await memberNamed(words[0] ?? "");
  const { sessions, keys } = await disableMember(operator(), { memberId: member.id }, now);
  return {
    json: { id: member.id, email: member.email, sessions, keys },
    text: `${member.email} is disabled: ${sessions} sessions ended, ${keys} keys stop within 5 seconds.`,
  };
}

/** `member list`. */
export async function memberList({ now }: Given): Promise<Answer> {
  const members = await listMembers(operator(), now);
  const json = members.map(({ id, email, name, role, createdAt, disabledAt, lastActiveAt, liveKeys, tokens30d }) => {
    const status = disabledAt === null ? "active" : "disabled";
    return { id, email, name, role, status, createdAt, disabledAt, lastActiveAt, liveKeys, tokens30d };
  });
  const rows = json.map((member) => [
    member.email,
    member.name,
    member.role.toLowerCase(),
    member.status,
    String(member.liveKeys),
    time(member.lastActiveAt, "never"),
    member.id,
  ]);
  return { json, text: columns(["EMAIL", "NAME", "ROLE", "STATUS", "KEYS", "LAST ACTIVE", "ID"], rows) };
}

/** The member with this address. Throws `not_found` in words that name it. */
export async function memberNamed(email: string) {
  const member = await findMemberByEmail(email);
  if (!member)
    throw new AppError("not_found", `There is no member with the address ${email}. See: podpass member list`);
  return member;
}

function withoutUndefined<Input extends { password?: string | undefined }>({ password, ...input }: Input) {
  return password === undefined ? input : { ...input, password };
}
