import { change, compactParts, duration, durationParts, exact, money, percent } from "@/app/_ui/figures";
import { type Tile, Tiles } from "@/app/_ui/tiles";
import { usdText } from "@/lib/micro-usd";
import type { Totals } from "@/lib/usage/queries";
import { billOf, errorsOf, tokensOf } from "./metric";

type UsageTilesProps = { totals: Totals; before: Totals; beforeWords: string };

/** A range in a few figures, each against the period before. */
export function UsageTiles({ totals, before, beforeWords }: UsageTilesProps) {
  const tokens = tokensOf(totals);
  const errors = errorsOf(totals);
  const rejected = totals.rejected === 0 ? "" : `; ${exact(totals.rejected)} rejected apart`;
  const against = change(tokens, tokensOf(before));
  const bill = billOf(totals);
  const tiles: Tile[] = [
    {
      label: "Tokens",
      figure: compactParts(tokens),
      exactly: exact(tokens),
      below: against && (against === "new" ? "new, none before" : `${against} on the ${beforeWords}`),
    },
    {
      label: "Requests",
      figure: { value: exact(totals.requests), unit: "" },
      below: change(totals.requests, before.requests),
    },
    {
      label: "First token, p95",
      figure: totals.ttft ? durationParts(totals.ttft.p95) : { value: "–", unit: "" },
      below: slower(totals.ttft?.p95, before.ttft?.p95),
    },
    {
      label: "Errors",
      figure: { value: percent(errors, totals.requests), unit: "%" },
      below: `${exact(errors)} of ${exact(totals.requests)}${rejected}`,
    },
  ];
  if (bill + billOf(before) > 0) {
    const idle = totals.idleMicroUsd === 0 ? "" : `${money(totals.idleMicroUsd)} of it idle`;
    tiles.splice(2, 0, {
      label: "GPU dollars",
      figure: { value: money(bill), unit: "" },
      exactly: `$${usdText(bill)}`,
      below: idle || change(bill, billOf(before)),
    });
  }
  return <Tiles tiles={tiles} />;
}

function slower(now: number | undefined, before: number | undefined) {
  if (now === undefined || before === undefined) return null;
  const apart = Math.round(now - before);
  if (apart === 0) return "unchanged";
  return apart > 0 ? `${duration(apart)} slower` : `${duration(-apart)} faster`;
}
