const DAY_MS = 86_400_000;

/** Somebody should hear about a key's end this long before it; a short-lived key has the last quarter of its life. */
const WARNING_MS = 14 * DAY_MS;

export type KeyStatusName = "active" | "expiring" | "rotating" | "disabled" | "expired" | "revoked";

export type KeyStatus = {
  status: KeyStatusName;
  /** Since when (disabled, expired, revoked); null for a key that works. */
  since: Date | null;
  /** When the end that the status announces comes: the outgoing secret's, or the key's. Null where none is announced. */
  endsAt: Date | null;
  /** When the status changes by itself, so that an open page can follow; null: never. */
  changesAt: Date | null;
};

type SecretTimes = { expiresAt: Date | null; revokedAt: Date | null };

export type KeyTimes = {
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  disabledAt: Date | null;
  secrets: readonly SecretTimes[];
  /** A key stops with its member. */
  member?: { disabledAt: Date | null } | undefined;
};

/** What a key is at a moment. The strongest word wins: revoked, expired, disabled, rotating, expiring, active. */
export function statusOf(key: KeyTimes, now: Date): KeyStatus {
  const { expiresAt, revokedAt } = key;
  if (revokedAt) return { status: "revoked", since: revokedAt, endsAt: null, changesAt: null };
  if (expiresAt && expiresAt <= now) return { status: "expired", since: expiresAt, endsAt: null, changesAt: null };

  const disabledAt = key.disabledAt ?? key.member?.disabledAt ?? null;
  if (disabledAt) return { status: "disabled", since: disabledAt, endsAt: null, changesAt: expiresAt };

  const outgoingAt = outgoingEnd(key.secrets, now);
  if (outgoingAt) return { status: "rotating", since: null, endsAt: outgoingAt, changesAt: outgoingAt };

  const warnedAt = warningAt(key);
  if (warnedAt && warnedAt <= now) return { status: "expiring", since: null, endsAt: expiresAt, changesAt: expiresAt };
  return { status: "active", since: null, endsAt: null, changesAt: warnedAt };
}

/** True while a key can be used or brought back: neither revoked nor expired. */
export function isLive(key: Pick<KeyTimes, "expiresAt" | "revokedAt">, now: Date) {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
}

/** From when a key counts as expiring; null for one that never ends. */
export function warningAt({ createdAt, expiresAt }: Pick<KeyTimes, "createdAt" | "expiresAt">) {
  if (!expiresAt) return null;
  const life = expiresAt.getTime() - createdAt.getTime();
  return new Date(expiresAt.getTime() - Math.min(WARNING_MS, life / 4));
}

/** The end of the outgoing secret that still works, if there is one. The current secret has no end of its own. */
function outgoingEnd(secrets: readonly SecretTimes[], now: Date) {
  const outgoing = secrets.find(({ expiresAt, revokedAt }) => !revokedAt && expiresAt && expiresAt > now);
  return outgoing?.expiresAt ?? null;
}
