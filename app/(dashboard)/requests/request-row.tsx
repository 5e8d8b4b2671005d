"use client";

import Link from "next/link";
import { Fragment, useId } from "react";
import { duration, exact } from "@/app/_ui/figures";
import { Time } from "@/app/_ui/time";
import type { RequestRow as Row } from "@/lib/usage/requests/queries";
import { OutcomeStatus } from "../_words/outcome-status";
import { RequestDetails } from "./request-details";

type RequestRowProps = { of: Row; showMember: boolean; isOpen: boolean; onToggle: () => void };

/** A request in its line; opened, its facts stay in place below it. */
export function RequestRow({ of: row, showMember, isOpen, onToggle }: RequestRowProps) {
  const detailsId = useId();
  const isCounted = row.tokenSource !== "unknown" || row.outcome === "open";
  const tokens = (count: number) => (isCounted ? exact(count) : "–");
  const ms = (value: number | null) => (value === null ? "–" : value === 0 ? "0" : duration(value));
  return (
    <Fragment>
      <tr className={isOpen ? "row-on" : undefined}>
        <th scope="row">
          <button
            type="button"
            className="link-button plain num"
            aria-expanded={isOpen}
            aria-controls={isOpen ? detailsId : undefined}
            onClick={onToggle}
          >
            <Time at={row.at} style="secondsOrDay" />
          </button>
        </th>
        {showMember && <td className="no-phone">{row.memberName}</td>}
        <td className="no-phone">
          <Link className="plain-link" href={`/keys/${row.keyId}`}>
            {row.keyName}
          </Link>
        </td>
        <td className="no-phone">
          <code>{row.route.replace(/^\/v1\//, "")}</code>
        </td>
        <td className="no-phone low-rank">{row.model ? <code>{row.model}</code> : "–"}</td>
        <td className="at-end">
          <OutcomeStatus {...row} />
        </td>
        <td className="only-phone">{showMember ? `${row.memberName}, ${row.keyName}` : row.keyName}</td>
        <td className="only-phone at-end num muted">
          {tokens(row.promptTokens)} in, {tokens(row.completionTokens)} out
        </td>
        <td className="right no-phone">{tokens(row.promptTokens)}</td>
        <td className="right no-phone">
          {tokens(row.completionTokens)}
          {row.tokenSource === "estimated" && <abbr title="estimated">~</abbr>}
        </td>
        <td className="right no-phone low-rank">{ms(row.queueMs)}</td>
        <td className="right no-phone">{ms(row.ttftMs)}</td>
        <td className="right no-phone">{ms(row.durationMs)}</td>
      </tr>
      {isOpen && (
        <tr className="row-open" id={detailsId}>
          <td colSpan={11} className="whole">
            <RequestDetails of={row} />
          </td>
        </tr>
      )}
    </Fragment>
  );
}
