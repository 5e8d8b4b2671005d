"use client";

import { useNow } from "@/app/_ui/clock";
import { soon, until } from "@/app/_ui/moments";
import { Status, StatusChip, type Tone } from "@/app/_ui/status";
import type { Glyph } from "@/app/_ui/status-glyph";
import { useZone } from "@/app/_ui/zone";
import { rotationDueAt, rotationRhythm } from "@/lib/keys/rotation";
import { type KeyStatus, statusOf } from "@/lib/keys/status";
import { currentSecret, type KeyFacts } from "./key-facts";

type Words = { tone: Tone; glyph: Glyph; word: string; detail?: string };

/** A status in words, for the moment shown: it doesn't go stale on an open page. */
function wordsOf({ status, since, endsAt }: KeyStatus, zone: string, now: Date): Words {
  switch (status) {
    case "active":
      return { tone: "ok", glyph: "disc", word: "Active" };
    case "expiring":
      return { tone: "warn", glyph: "clock", word: endsAt ? `Expires in ${until(endsAt, now)}` : "Expires soon" };
    case "rotating":
      return {
        tone: "info",
        glyph: "half",
        word: "Rotating",
        detail: endsAt ? `old until ${soon(endsAt, zone, now)}` : "",
      };
    case "disabled":
      return { tone: "idle", glyph: "bars", word: "Disabled" };
    case "expired":
      return { tone: "idle", glyph: "ring", word: "Expired", detail: since ? soon(since, zone, now) : "" };
    case "revoked":
      return { tone: "idle", glyph: "cross", word: "Revoked", detail: since ? soon(since, zone, now) : "" };
  }
}

const WEEK_MS = 7 * 86_400_000;

const OVERDUE = { tone: "warn", glyph: "clock", word: "Rotation overdue" } as const;

/** When a key in use is to be rotated, from a week before; nothing while that is far away or nobody asks for it. */
function rotationNear(key: KeyFacts, policyDays: number | null, now: Date) {
  const { status } = statusOf(key, now);
  if (status !== "active" && status !== "expiring") return null;
  const rotateEveryDays = rotationRhythm(key.rotateEveryDays, policyDays);
  const dueAt = rotationDueAt({ currentSecretAt: currentSecret(key)?.createdAt ?? null, rotateEveryDays });
  if (!dueAt || dueAt.getTime() - now.getTime() > WEEK_MS) return null;
  return { dueAt, isOverdue: dueAt <= now };
}

type Props = {
  of: KeyFacts;
  /** The policy's, in days. */
  rotateEveryDays: number | null;
};

/** A key's status in its row. An overdue rotation takes the place of "Active": it is what somebody has to act on. */
export function KeyStatusLine({ of, rotateEveryDays }: Props) {
  const now = useNow();
  const zone = useZone();
  const status = statusOf(of, now);
  const words = wordsOf(status, zone, now);
  const near = rotationNear(of, rotateEveryDays, now);
  const isOverdue = near?.isOverdue === true;
  const { tone, glyph, word } = isOverdue && status.status === "active" ? OVERDUE : words;
  const due = near && (isOverdue ? `due ${soon(near.dueAt, zone, now)}` : `rotate by ${soon(near.dueAt, zone, now)}`);
  const detail = isOverdue && status.status !== "active" ? "rotation overdue" : due;
  return (
    <Status tone={tone} glyph={glyph} detail={words.detail || detail || undefined}>
      {word}
    </Status>
  );
}

/** The same beside the key's own title. */
export function KeyStatusChip({ of, rotateEveryDays }: Props) {
  const now = useNow();
  const { tone, glyph, word } = wordsOf(statusOf(of, now), useZone(), now);
  const isOverdue = rotationNear(of, rotateEveryDays, now)?.isOverdue;
  return (
    <>
      <StatusChip tone={tone} glyph={glyph}>
        {word}
      </StatusChip>
      {isOverdue && (
        <StatusChip tone={OVERDUE.tone} glyph={OVERDUE.glyph}>
          {OVERDUE.word}
        </StatusChip>
      )}
    </>
  );
}
