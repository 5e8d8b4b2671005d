import { exact, money } from "@/app/_ui/figures";
import { dayAndTime } from "@/app/_ui/moments";
import type { Role } from "@/lib/auth/member";
import { roleName } from "../_words/roles";

/** What was done, as it stands behind a name: "Ada rotated the key laptop". */
const ACTIONS: Record<string, string> = {
  "key.create": "made the key",
  "key.rotate": "rotated the key",
  "key.end_outgoing": "ended the old secret of",
  "key.revoke": "revoked the key",
  "key.disable": "disabled the key",
  "key.enable": "enabled the key",
  "key.rename": "renamed the key",
  "key.limits": "changed the limits of the key",
  "key.remind": "mailed a reminder of the key",
  "key.new_network": "saw a new network use the key",
  "key.unusual_rate": "saw far more requests than usual from the key",
  "key.report": "took a leak report and revoked the key",
  "key.report_ended": "took a leak report about an ended secret of the key",
  "credential.flood": "refused many keys that open nothing from one source",
  "member.create": "added",
  "member.role": "changed the role of",
  "member.disable": "disabled",
  "member.enable": "enabled",
  "member.limits": "changed the limits of",
  "member.reset_link": "made a password link for",
  "member.reset_request": "was asked for a new password for",
  "member.password": "changed the password of",
  "member.profile": "changed the profile of",
  "member.connect": "connected a sign-in of",
  "member.disconnect": "disconnected a sign-in of",
  "session.begin": "signed in",
  "session.end": "ended a session",
  "session.end_others": "ended all other sessions of",
  "invite.create": "made an invite",
  "invite.remake": "made a new link for an invite",
  "invite.revoke": "revoked an invite",
  "invite.accept": "joined by an invite",
  "pod.add": "added the pod",
  "pod.edit": "changed the pod",
  "pod.replace_key": "replaced the key of the pod",
  "pod.pause": "paused the pod",
  "pod.resume": "resumed the pod",
  "pod.power": "changed how to wake and stop the pod",
  "pod.wake": "woke the pod",
  "pod.wake_failed": "failed to wake the pod",
  "pod.sleep": "put to sleep the pod",
  "pod.sleep_failed": "failed to put to sleep the pod",
  "pod.sleep_soon": "announced the stop of the idle pod",
  "pod.keep_awake": "kept awake the pod",
  "pod.remove": "removed the pod",
  "policy.update": "changed the policy",
  "usage.remove_old": "removed old requests",
};

const KINDS: Record<string, string> = {
  key: "Keys",
  member: "Members",
  session: "Sessions",
  invite: "Invites",
  pod: "Pods",
  policy: "Policy",
  usage: "Usage",
  setup: "Setup",
  credential: "Refused keys",
};

/** Words for an action, also for one that a later version wrote. */
export function actionWords(action: string): string {
  return ACTIONS[action] ?? action.replace(".", ": ").replaceAll("_", " ");
}

/** What a filter calls an action (`key.rotate`) or everything of a kind (`key`). */
export function filterName(action: string): string {
  if (!action.includes(".")) return KINDS[action] ?? action;
  const words = actionWords(action).replace(/ (?:of|for)$/, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const FIELDS: Record<string, string> = {
  rpm: "requests a minute",
  tpm: "tokens a minute",
  concurrency: "in parallel",
  monthlyTokens: "tokens a month",
  monthlyMicroUsd: "GPU dollars a month",
  baseUrl: "address",
  hourlyMicroUsd: "price an hour",
  maxInFlight: "most in flight",
  hasKey: "has a key",
  startHook: "hook to start it, at",
  stopHook: "hook to stop it, at",
  wakeWhenCalled: "woken when called",
  stopAfterMinutes: "stopped after idle minutes",
  idleMinutes: "idle minutes",
  stopsAt: "stops",
  awakeUntil: "kept awake until",
  calls: "calls in flight",
  patternsAllowedAt: "patterns allowed since",
  remoteMediaForbiddenAt: "media by address refused since",
  maxKeyDays: "longest life, days",
  defaultKeyDays: "life of a new key, days",
  rotateEveryDays: "rotate every, days",
  maxGraceHours: "longest grace, hours",
  maxKeysPerMember: "keys a member",
  emailDomains: "e-mail domains",
  eventRetentionDays: "requests are kept, days",
  promptWeight: "weight of a prompt token, thousandths",
  cachedWeight: "weight of a cached token, thousandths",
  completionWeight: "weight of a completion token, thousandths",
  requestsRemoved: "requests removed",
  keptFrom: "requests are kept from",
  strictFields: "unknown fields refused",
  roleLimits: "limits by role",
  timeZone: "time zone",
  expiresAt: "ends",
  outgoingExpiresAt: "old secret ends",
  holdSeconds: "waiting room, seconds",
  email: "e-mail",
  graceMs: "grace",
  cidrs: "networks",
  sessionsEnded: "sessions ended",
  requests: "requests in an hour",
  usual: "usually",
};

export type Change = { field: string; before: string | null; after: string | null };

const factsOf = (json: unknown) => (json && typeof json === "object" ? (json as Record<string, unknown>) : {});

/** What changed, field by field: what differs where both sides are known, else whatever was noted. Ids say nothing to a person. */
export function changesOf({ before, after }: { before: unknown; after: unknown }, zone: string): Change[] {
  const was = flat(factsOf(before));
  const is = flat(factsOf(after));
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => !/Ids?$/.test(name));
  return names
    .map((name) => ({
      field: fieldName(name),
      before: name in was ? shown(name, was[name], zone) : null,
      after: name in is ? shown(name, is[name], zone) : null,
    }))
    .filter((change) => change.before !== change.after);
}

/** `{ roleLimits: { MEMBER: { rpm: 60 } } }` as `{ "roleLimits.MEMBER.rpm": 60 }`: one change, one line. */
function flat(facts: Record<string, unknown>, prefix = ""): Record<string, unknown> {
  return Object.assign(
    {},
    ...Object.entries(facts).map(([name, value]) =>
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? flat(value as Record<string, unknown>, `${prefix}${name}.`)
        : { [`${prefix}${name}`]: value },
    ),
  );
}

function fieldName(path: string) {
  const [head = "", role, limit] = path.split(".");
  if (head === "roleLimits" && role && limit) return `${FIELDS[limit] ?? limit}, ${roleName(role as Role)}`;
  return FIELDS[path] ?? path;
}

function shown(path: string, value: unknown, zone: string): string {
  const name = path.split(".").at(-1) ?? path;
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value)) return value.length === 0 ? "any" : value.join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (name === "role") return roleName(value as Role);
  if (name.endsWith("MicroUsd")) return money(Number(value));
  if (name === "graceMs") return Number(value) === 0 ? "none" : `${exact(Number(value) / 3_600_000)} h`;
  if (typeof value === "number") return exact(value);
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? dayAndTime(new Date(text), zone) : text;
}
