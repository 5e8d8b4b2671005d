"use client";

import { useState } from "react";
import { compact, duration, exact, money, percent } from "@/app/_ui/figures";
import { ChevronIcon } from "@/app/_ui/icons";
import { IDLE_COLOUR, useSeriesColours } from "@/app/_ui/series-colours";
import { usdText } from "@/lib/micro-usd";
import type { TableRow } from "@/lib/usage/queries";
import { errorsOf, tokensOf } from "./metric";
import type { UsageView } from "./view";

const TOP = 8;
const HEADS = { member: "Member", key: "Key", model: "Model", pod: "Pod", outcome: "Outcome" };
const FILTERS: Partial<Record<UsageView["groupBy"], string>> = {
  member: "member",
  key: "key",
  model: "model",
  pod: "pod",
};

type UsageTableProps = {
  rows: readonly (TableRow & { label: string })[];
  /** Ids of the chart's series in stack order, so that the swatches repeat its colours. */
  seriesIds: readonly string[];
  view: UsageView;
  /** Not where the chart shows percentiles instead of groups. */
  hasSwatches: boolean;
  onFilter: (patch: Record<string, string>) => void;
  /** What of the pods' bills nobody used. */
  idleMicroUsd: number;
  /** Money has a column once a pod has a price. */
  isPriced: boolean;
};

/** The chart's numbers as a table: the largest eight, and the others once they are asked for. */
export function UsageTable(props: UsageTableProps) {
  const { rows, seriesIds, view, hasSwatches, onFilter, idleMicroUsd, isPriced } = props;
  const [isOpen, setOpen] = useState(false);
  const colours = useSeriesColours(seriesIds);
  const isByOutcome = view.groupBy === "outcome";
  const isByMoney = view.metric === "cost";
  const size = (row: TableRow) => (isByMoney ? row.gpuMicroUsd : tokensOf(row));
  const sorted = rows.toSorted((a, b) => size(b) - size(a) || b.requests - a.requests);
  const shown = isOpen || sorted.length <= TOP + 1 ? sorted : sorted.slice(0, TOP);
  const filter = FILTERS[view.groupBy];
  return (
    <table className="dense entries">
      <thead>
        <tr>
          <th>{HEADS[view.groupBy]}</th>
          <th className="right">Requests</th>
          {isByOutcome ? (
            <th className="right">Share</th>
          ) : (
            <>
              <th className="right low-rank">Errors</th>
              <th className="right">Prompt</th>
              <th className="right low-rank">Cached</th>
              <th className="right">Completion</th>
              <th className="right" aria-sort={isByMoney ? undefined : "descending"}>
                Total {!isByMoney && <ChevronIcon size={12} className="sort-mark" />}
              </th>
              <th className="right">Share</th>
              {isPriced && (
                <th className="right" aria-sort={isByMoney ? "descending" : undefined}>
                  Cost {isByMoney && <ChevronIcon size={12} className="sort-mark" />}
                </th>
              )}
              <th className="right">First token p95</th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {shown.map((row) => {
          const id = row.id ?? "none";
          const colour = colours.get(id) ?? 9;
          return (
            <tr key={id}>
              <th scope="row">
                <span className="row">
                  {hasSwatches && <i className={`swatch series-${colour}`} />}
                  {filter && row.id ? (
                    <button type="button" className="link-button plain" onClick={() => onFilter({ [filter]: id })}>
                      {row.label}
                    </button>
                  ) : (
                    row.label
                  )}
                </span>
              </th>
              <td className={isByOutcome ? "right at-end" : "right no-phone"}>{exact(row.requests)}</td>
              {isByOutcome ? (
                <td className="right" data-label="Share">
                  {percent(row.requestShare, 1)} %
                </td>
              ) : (
                <>
                  <td className="right no-phone low-rank">{exact(errorsOf(row))}</td>
                  <td className="right no-phone" title={exact(row.promptTokens)}>
                    {compact(row.promptTokens)}
                  </td>
                  <td className="right no-phone low-rank" title={exact(row.cachedTokens)}>
                    {compact(row.cachedTokens)}
                  </td>
                  <td className="right no-phone" title={exact(row.completionTokens)}>
                    {compact(row.completionTokens)}
                  </td>
                  <td className={isByMoney ? "right no-phone" : "right at-end"} title={exact(tokensOf(row))}>
                    <b>{compact(tokensOf(row))}</b>
                  </td>
                  <td className={isByMoney ? "right no-phone" : "right"} data-label="Share">
                    {percent(row.tokenShare, 1)} %
                  </td>
                  {isPriced && (
                    <td
                      className={isByMoney ? "right at-end" : "right no-phone"}
                      title={`$${usdText(row.gpuMicroUsd)}`}
                    >
                      {money(row.gpuMicroUsd)}
                    </td>
                  )}
                  <td className="right no-phone">{row.ttft ? duration(row.ttft.p95) : "–"}</td>
                </>
              )}
            </tr>
          );
        })}
        {shown.length < sorted.length && (
          <tr>
            <th scope="row" colSpan={10}>
              <span className="row">
                {hasSwatches && <i className="swatch series-9" />}
                <button type="button" className="link-button" onClick={() => setOpen(true)}>
                  Other ({sorted.length - shown.length})
                </button>
              </span>
            </th>
          </tr>
        )}
        {isPriced && !isByOutcome && idleMicroUsd > 0 && (
          <tr>
            <th scope="row">
              <span className="row">
                {hasSwatches && isByMoney && <i className={`swatch series-${IDLE_COLOUR}`} />}
                Idle
              </span>
            </th>
            <td className="no-phone" />
            <td className="no-phone low-rank" />
            <td className="no-phone" />
            <td className="no-phone low-rank" />
            <td className="no-phone" />
            <td className="no-phone" />
            <td className="no-phone" />
            <td className="right at-end" title={`$${usdText(idleMicroUsd)}`}>
              {money(idleMicroUsd)}
            </td>
            <td className="no-phone" />
          </tr>
        )}
      </tbody>
    </table>
  );
}
