"use client";

import Link from "next/link";
import { Avatar } from "@/app/_ui/avatar";
import { compact, exact } from "@/app/_ui/figures";
import { Status } from "@/app/_ui/status";
import { Time } from "@/app/_ui/time";
import type { MemberRow as Member } from "@/lib/auth/queries";
import { LIMIT_NAMES } from "@/lib/keys/limits";
import { roleName } from "../_words/roles";
import type { OpenDialog, TeamContext } from "./context";
import { MemberMenu } from "./member-menu";

type MemberRowProps = { of: Member; context: TeamContext; onOpen: (dialog: OpenDialog) => void };

export function MemberRow({ of: member, context, onOpen }: MemberRowProps) {
  const isDisabled = member.disabledAt !== null;
  const isSelf = member.id === context.viewer.id;
  const hasLimits = LIMIT_NAMES.some((name) => member[name] !== null);
  return (
    <tr className={isDisabled ? "row-ended" : undefined}>
      <th scope="row">
        <span className="row">
          <Avatar name={member.name} />
          <span>
            <span className="name anywhere">
              {member.name}
              {isSelf && <span className="muted"> you</span>}
            </span>
            <span className="only-phone muted"> {roleName(member.role)}</span>
          </span>
        </span>
      </th>
      <td className="no-phone low-rank anywhere second">{member.email}</td>
      <td className="no-phone">{roleName(member.role)}</td>
      <td>
        {isDisabled ? (
          <Status tone="idle" glyph="bars">
            Disabled
          </Status>
        ) : (
          <Status tone="ok" glyph="disc" detail={hasLimits ? "own limits" : undefined}>
            Active
          </Status>
        )}
      </td>
      <td className="at-end" data-label="Active">
        {member.lastActiveAt ? <Time at={member.lastActiveAt} /> : "Never"}
      </td>
      <td className="right" data-label="Live keys">
        {member.liveKeys === 0 ? (
          0
        ) : (
          <Link className="plain-link" href={`/keys?member=${member.id}`}>
            {exact(member.liveKeys)}
          </Link>
        )}
      </td>
      <td className="right at-end" data-label="Tokens" title={exact(member.tokens30d)}>
        {member.tokens30d === 0 ? (
          0
        ) : (
          <Link className="plain-link num" href={`/usage?member=${member.id}`}>
            {compact(member.tokens30d)}
          </Link>
        )}
      </td>
      <td className="right corner">
        <MemberMenu of={member} context={context} onOpen={onOpen} />
      </td>
    </tr>
  );
}
