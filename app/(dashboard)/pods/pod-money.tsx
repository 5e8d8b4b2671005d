import { exact, hoursWords, money, percent } from "@/app/_ui/figures";
import { Time } from "@/app/_ui/time";
import type { PodBill } from "@/lib/costs/queries";
import { usdText } from "@/lib/micro-usd";
import type { Cause } from "@/lib/pods/counters/cause";
import type { Reconciliation } from "@/lib/pods/counters/queries";

const HOUR_MS = 3_600_000;

/** What a pod cost this month, how long it ran for it, and how much of that nobody used. */
export function BillFact({ bill }: { bill: PodBill }) {
  const { billMicroUsd, idleMicroUsd, billedMs } = bill;
  return (
    <>
      <dt>Cost this month</dt>
      <dd>
        <span title={`$${usdText(billMicroUsd)}, the running hour so far among it`}>{money(billMicroUsd)}</span>
        <span className="muted"> for {hoursWords(billedMs / HOUR_MS)}</span>
        {billMicroUsd > 0 && (
          <span className="muted" title={`$${usdText(idleMicroUsd)}`}>
            , {percent(idleMicroUsd, billMicroUsd)} % idle
          </span>
        )}
      </dd>
    </>
  );
}

const CAUSES: Record<Cause, string> = {
  around: "calls that went around Podpass, with the pod's own key",
  running: "calls that still run: they are recorded when they end",
  uncounted: "calls that ended before anybody could count them",
  answers: "calls for several answers (n): vLLM counts their prompt once for each",
  estimated: "calls whose tokens were estimated",
  restarted: "a restart of the pod: what it counted last is gone",
  shared_address: "several servers behind this address, each counting for itself",
};

/** Tokens as the pod counted them beside those recorded, and why they differ. */
export function CounterFact({ of: { counted, recorded, from, causes } }: { of: Reconciliation }) {
  const own = counted.promptTokens + counted.completionTokens;
  const ours = recorded.promptTokens + recorded.completionTokens;
  const apart = Math.abs(own - ours);
  const exactly = `Prompt ${exact(counted.promptTokens)} and ${exact(recorded.promptTokens)}, completion ${exact(counted.completionTokens)} and ${exact(recorded.completionTokens)}`;
  return (
    <>
      <dt>Tokens counted</dt>
      <dd title={exactly}>
        {exact(own)} by the pod, {exact(ours)} recorded{" "}
        <span className="muted">
          since <Time at={from} style="soon" />
        </span>
        {causes.length === 0 ? (
          <div className="muted">{apart === 0 ? "They agree." : "They agree but for a few tokens."}</div>
        ) : (
          <div>
            <b>
              {exact(apart)} {own > ours ? "more by the pod" : "fewer by the pod"}.
            </b>{" "}
            Likely {causes.map((cause) => CAUSES[cause]).join("; or ")}.
          </div>
        )}
      </dd>
    </>
  );
}
