import { createKey, revokeKey, rotateKey } from "@/lib/keys/mutations";
import { KEY_FILTERS, type KeyFilter, type KeyRow, listKeys } from "@/lib/keys/queries";
import { createKeySchema, keyIdSchema, rotateKeySchema } from "@/lib/keys/schema";
import { operator } from "./actor";
import { type Answer, CommandError, type Given } from "./command";
import { parsed } from "./input";
import { memberNamed } from "./member";
import { columns, time } from "./print";

/** Fields and the options they are typed in. */
const OPTIONS = {
  name: "name",
  expires: "expires",
  rpm: "rpm",
  tpm: "tpm",
  concurrency: "concurrency",
  monthlyTokens: "monthly-tokens",
  monthlyUsd: "monthly-usd",
  models: "models",
  cidrs: "cidrs",
};

/** `key issue`. */
export async function issueKey({ option, now }: Given): Promise<Answer> {
  const email = required(option("member"), "--member");
  required(option("name"), "--name");
  const fields = Object.fromEntries(Object.entries(OPTIONS).map(([field, name]) => [field, option(name)]));
  const typedAs = Object.fromEntries(Object.entries(OPTIONS).map(([field, name]) => [field, `--${name}`]));
  const input = parsed(createKeySchema, fields, typedAs);
  const member = await memberNamed(email);
  const key = await createKey(operator(), { ...input, memberId: member.id }, now);
  return shownOnce(
    key,
    `${input.name}, a key of ${member.email}, works until ${time(key.expiresAt, "it is revoked")}.`,
  );
}

/** `key rotate`. */
export async function rotateKeyById({ words, option, now }: Given): Promise<Answer> {
  const fields = { keyId: words[0], graceMs: option("grace") ?? "24h" };
  const input = parsed(rotateKeySchema, fields, { keyId: "ID", graceMs: "--grace" });
  const key = await rotateKey(operator(), input, now);
  const ended = key.outgoingExpiresAt <= now;
  const until = time(key.outgoingExpiresAt, "");
  return shownOnce(key, ended ? "The old secret has ended." : `The old secret works until ${until}.`);
}

/** `key revoke`. Revoking again changes nothing and is no failure. */
export async function revokeKeyById({ words, now }: Given): Promise<Answer> {
  const { keyId } = parsed(keyIdSchema, { keyId: words[0] }, { keyId: "ID" });
  const { revokedAt } = await revokeKey(operator(), { keyId }, now);
  return {
    json: { id: keyId, revokedAt },
    text: `Revoked on ${time(revokedAt, "")}. It stops working within 5 seconds everywhere.`,
  };
}

/** `key list`. */
export async function keyList({ option, now }: Given): Promise<Answer> {
  const status = option("status") ?? "all";
  if (!isFilter(status)) throw new CommandError(`--status: Use one of ${KEY_FILTERS.join(", ")}.`);
  const email = option("member");
  const memberId = email === undefined ? undefined : (await memberNamed(email)).id;
  const keys: KeyRow[] = [];
  for (let cursor: string | undefined, isLast = false; !isLast; ) {
    const page = await listKeys(operator(), { status, memberId, cursor, take: 500 }, now);
    keys.push(...page.keys);
    cursor = page.next ?? undefined;
    isLast = page.next === null;
  }
  const rows = keys.map((key) => [
    key.name,
    key.member.email,
    key.secrets[0]?.hint ?? "",
    key.status.status,
    time(key.lastUsedAt, "never"),
    time(key.expiresAt, "never"),
    key.id,
  ]);
  return {
    json: keys.map(listed),
    text: columns(["NAME", "MEMBER", "HINT", "STATUS", "LAST USED", "EXPIRES", "ID"], rows),
  };
}

function listed({
  id,
  name,
  member,
  secrets,
  status,
  createdAt,
  expiresAt,
  revokedAt,
  disabledAt,
  lastUsedAt,
}: KeyRow) {
  const hint = secrets[0]?.hint ?? null;
  return {
    id,
    name,
    member: member.email,
    hint,
    status: status.status,
    createdAt,
    expiresAt,
    revokedAt,
    disabledAt,
    lastUsedAt,
  };
}

/** A new secret: in these three fields for programs, and with a warning for people. */
function shownOnce({ keyId, secret, hint }: { keyId: string; secret: string; hint: string }, sentence: string): Answer {
  return {
    json: { id: keyId, secret, hint },
    text: `${sentence}\n\n  id      ${keyId}\n  secret  ${secret}\n\nThe secret is shown only now. Keep it like a password.`,
  };
}

function isFilter(text: string): text is KeyFilter {
  return KEY_FILTERS.some((filter) => filter === text);
}

function required(value: string | undefined, option: string) {
  if (value === undefined) throw new CommandError(`${option} is missing. See: podpass key issue --help`);
  return value;
}
