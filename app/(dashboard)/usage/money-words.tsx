import { money } from "@/app/_ui/figures";
import type { TokenWeights } from "@/lib/costs/queries";
import { usdText } from "@/lib/micro-usd";
import type { Totals } from "@/lib/usage/queries";
import { billOf } from "./metric";

/** How the figures in dollars come about, and what they add up to. */
export function MoneyWords({ totals, weights }: { totals: Totals; weights: TokenWeights }) {
  const { gpuMicroUsd: shared, idleMicroUsd: idle } = totals;
  return (
    <>
      {idle > 0 && (
        <p className="table-foot">
          <span>
            <b>{money(shared)}</b> shared out and <b>{money(idle)}</b> idle make{" "}
            <b title={`$${usdText(billOf(totals))}`}>{money(billOf(totals))}</b>, the pods' bill for these hours.
          </span>
        </p>
      )}
      <details className="disclosure">
        <summary>What a GPU dollar is</summary>
        <p className="prose">
          A pod costs its price an hour. The time in which it worked on at least one call is shared out, hour by hour,
          by the tokens each call used: a prompt token counts {weights.prompt}, one from the cache {weights.cached}, a
          completion token {weights.completion}. The rest of the hour is idle and charged to nobody. Hours are UTC's and
          count where they begin; a pod without a price, paused or asleep costs nothing. The running hour is an estimate
          until it is over, and a call that ends later has its hours shared out again.
        </p>
      </details>
    </>
  );
}
