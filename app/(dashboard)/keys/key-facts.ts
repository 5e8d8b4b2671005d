import { ago } from "@/app/_ui/moments";
import type { KeyPolicy, Limits } from "@/lib/keys/limits";
import type { KeyTimes } from "@/lib/keys/status";

/** What dialogs and actions need of a key: the same for a row and for the key's own page. */
export type KeyFacts = Omit<KeyTimes, "secrets"> & {
  id: string;
  name: string;
  member: { id: string; name: string; disabledAt: Date | null };
  lastUsedAt: Date | null;
  rotateEveryDays: number | null;
  secrets: readonly {
    id: string;
    hint: string;
    createdAt: Date;
    expiresAt: Date | null;
    revokedAt: Date | null;
    lastUsedAt: Date | null;
    lastUsedIp: string | null;
  }[];
};

/** What a page tells its dialogs once: the rules, where programs call, and who looks. */
export type KeysContext = {
  viewer: { id: string; name: string; isAdmin: boolean };
  policy: Pick<KeyPolicy, "maxKeyDays" | "defaultKeyDays" | "maxGraceHours" | "rotateEveryDays">;
  publicUrl: string;
  /** What can be asked for now. */
  models: string[];
};

const WEEK_MS = 7 * 86_400_000;

/** Whether programs are known to use a key: what stops it asks first. */
export function isInUse({ lastUsedAt }: Pick<KeyFacts, "lastUsedAt">, now: Date) {
  return lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < WEEK_MS;
}

/** Whose keys can be looked at, and whose a new one can become. */
export type MemberChoice = {
  id: string;
  name: string;
  isDisabled: boolean;
  /** What holds for a key of theirs that has no limits of its own. */
  defaults: Limits;
};

/** The secret that has no end of its own, or the newest. */
export function currentSecret(key: Pick<KeyFacts, "secrets">) {
  return key.secrets.find(({ expiresAt, revokedAt }) => !expiresAt && !revokedAt) ?? key.secrets[0];
}

/** The secret a rotation left running at `now`, if there is one. */
export function outgoingSecret(key: Pick<KeyFacts, "secrets">, now: Date) {
  return key.secrets.find(({ expiresAt, revokedAt }) => expiresAt !== null && expiresAt > now && !revokedAt);
}

type Used = { lastUsedAt: Date | null; lastUsedIp: string | null };

/** `was last used 3 min ago from 10.0.0.7`, `was never used`: behind the name of a key or a secret. */
export function lastUse({ lastUsedAt, lastUsedIp }: Used, zone: string, now: Date) {
  if (!lastUsedAt) return "was never used";
  return `was last used ${ago(lastUsedAt, zone, now)}${lastUsedIp ? ` from ${lastUsedIp}` : ""}`;
}

/** Whichever secret was used last. */
export function newestUse<Secret extends Used>(secrets: readonly Secret[]): Secret | undefined {
  const time = ({ lastUsedAt }: Used) => lastUsedAt?.getTime() ?? 0;
  return secrets.toSorted((a, b) => time(b) - time(a))[0];
}
