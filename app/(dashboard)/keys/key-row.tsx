"use client";

import Link from "next/link";
import { classes } from "@/app/_ui/classes";
import { useNow } from "@/app/_ui/clock";
import { Cut } from "@/app/_ui/cut";
import { Sparkline } from "@/app/_ui/sparkline";
import { Time } from "@/app/_ui/time";
import { isLive } from "@/lib/keys/status";
import type { OpenDialog } from "./key-dialogs";
import { currentSecret, type KeyFacts } from "./key-facts";
import { KeyMenu } from "./key-menu";
import { KeyStatusLine } from "./key-status";

type KeyRowProps = {
  of: KeyFacts;
  showMember: boolean;
  /** Tokens a day of the last 14, today's last. */
  days: readonly number[];
  onOpen: (dialog: OpenDialog) => void;
  onTurn: (key: KeyFacts, on: boolean) => void;
  /** The policy's, for keys that have no rhythm of their own. */
  rotateEveryDays: number | null;
};

export function KeyRow({ of: key, showMember, days, onOpen, onTurn, rotateEveryDays }: KeyRowProps) {
  const hint = currentSecret(key)?.hint ?? "";
  const isEnded = !isLive(key, useNow());
  return (
    <tr className={isEnded ? "row-ended" : undefined} id={`key-${key.id}`}>
      <th scope="row">
        <span className="row">
          <Cut hint={hint} state={isEnded ? "ended" : "live"} />
          <Link className="name" href={`/keys/${key.id}`}>
            {key.name}
          </Link>
        </span>
      </th>
      {showMember && <td className="no-phone low-rank">{key.member.name}</td>}
      <td className="no-phone">
        <code>{hint}</code>
      </td>
      <td className="at-end">
        <KeyStatusLine of={key} rotateEveryDays={rotateEveryDays} />
      </td>
      <td data-label="Used">{key.lastUsedAt ? <Time at={key.lastUsedAt} reveals /> : "Never"}</td>
      <td className="at-end">
        <Sparkline days={days} label="Tokens a day, last 14 days" />
      </td>
      <td className={classes("no-phone low-rank", showMember && "lower-rank")}>
        <Time at={key.createdAt} style="day" />
      </td>
      <td className="no-phone">{key.expiresAt ? <Time at={key.expiresAt} style="day" /> : "Never"}</td>
      <td className="right no-phone">
        <KeyMenu of={key} onOpen={onOpen} onTurn={onTurn} />
      </td>
    </tr>
  );
}
