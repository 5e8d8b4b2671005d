"use client";

import { useNow } from "@/app/_ui/clock";
import { soon, until } from "@/app/_ui/moments";
import { Status, StatusChip, type Tone } from "@/app/_ui/status";
import type { Glyph } from "@/app/_ui/status-glyph";
import { useZone } from "@/app/_ui/zone";
import { rotationDueAt } from "@/lib/keys/rotation";
import { type KeyStatus, type KeyTimes, statusOf } from "@/lib/keys/status";
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

/** When a key is to be rotated, from a week before; nothing while that is far away or nobody asks for it. */
function rotationWords(key: KeyFacts, rotateEveryDays: number | null, zone: string, now: Date) {
  const schedule = {
    currentSecretAt: currentSecret(key)?.createdAt ?? null,
    rotateEveryDays: key.rotateEveryDays ?? rotateEveryDays,
  };
  const dueAt = rotationDueAt(schedule);
  if (!dueAt || dueAt.getTime() - now.getTime() > WEEK_MS) return null;
  return dueAt < now ? "rotation overdue" : `rotate by ${soon(dueAt, zone, now)}`;
}

/** A key's status in its row. */
export function KeyStatusLine({ of, rotateEveryDays }: { of: KeyFacts; rotateEveryDays: number | null }) {
  const now = useNow();
  const zone = useZone();
  const status = statusOf(of, now);
  const { tone, glyph, word, detail } = wordsOf(status, zone, now);
  const works = status.status === "active" || status.status === "expiring";
  const due = works ? rotationWords(of, rotateEveryDays, zone, now) : null;
  return (
    <Status tone={tone} glyph={glyph} detail={detail || due || undefined}>
      {word}
    </Status>
  );
}

/** The same beside the key's own title. */
export function KeyStatusChip({ of }: { of: KeyTimes }) {
  const now = useNow();
  const { tone, glyph, word } = wordsOf(statusOf(of, now), useZone(), now);
  return (
    <StatusChip tone={tone} glyph={glyph}>
      {word}
    </StatusChip>
  );
}
