"use client";

import Link from "next/link";
import { Avatar } from "@/app/_ui/avatar";
import { useNow } from "@/app/_ui/clock";
import { exact } from "@/app/_ui/figures";
import { left } from "@/app/_ui/moments";
import type { Running } from "./running";

/** Who uses a pod at this moment. */
export function RunningTable({ running }: { running: readonly Running[] }) {
  const now = useNow();
  return (
    <table className="entries dense">
      <thead>
        <tr>
          <th>Who is running</th>
          <th>Key</th>
          <th className="right">Calls</th>
          <th className="right">Longest</th>
        </tr>
      </thead>
      <tbody>
        {running.map(({ keyId, keyName, memberName, count, since }) => (
          <tr key={keyId}>
            <th scope="row">
              <span className="row">
                <Avatar name={memberName} small />
                {memberName}
              </span>
            </th>
            <td className="at-end">
              <Link className="plain-link" href={`/keys/${keyId}`}>
                {keyName}
              </Link>
            </td>
            <td className="right" data-label="Calls">
              {exact(count)}
            </td>
            <td className="right at-end num" data-label="Longest">
              {left(Math.max(0, now.getTime() - since.getTime()))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
