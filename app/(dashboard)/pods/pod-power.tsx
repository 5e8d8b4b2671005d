"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { Button } from "@/app/_ui/button";
import { counted, hoursWords, money } from "@/app/_ui/figures";
import { ClockIcon } from "@/app/_ui/icons";
import { MenuItem } from "@/app/_ui/menu";
import { Note } from "@/app/_ui/note";
import { Time } from "@/app/_ui/time";
import { showToast } from "@/app/_ui/toast";
import { formOf } from "@/app/_ui/use-form-action";
import { usdText } from "@/lib/micro-usd";
import { hookTrouble } from "@/lib/pods/power/hook-words";
import { keepAwakeAction, wakeAction } from "./actions";
import type { OpenDialog } from "./dialogs";
import type { PodView } from "./read-pods";

const LOST = "Podpass did not answer. Look whether it happened before you try again.";

/** Runs one of a pod's switches, and says what came of it. */
function useSwitch(action: typeof wakeAction, pod: PodView, done: string) {
  const router = useRouter();
  const [isBusy, start] = useTransition();
  const run = () =>
    start(async () => {
      const result = await action(null, formOf({ podId: pod.id })).catch(() => null);
      showToast(result?.ok ? done : (result?.message ?? LOST));
      if (!result?.ok) router.refresh();
    });
  return { isBusy, run };
}

/** Wakes a pod that sleeps; nothing where it doesn't, or has no hook for it. */
export function WakeButton({ of: pod }: { of: PodView }) {
  const { isBusy, run } = useSwitch(wakeAction, pod, `${pod.name} is being woken. Its model takes minutes to load.`);
  if (pod.state !== "asleep" || !pod.power?.startHost) return null;
  return (
    <Button size="small" tone="primary" busy={isBusy} aria-label={`Wake ${pod.name}`} onClick={run}>
      Wake
    </Button>
  );
}

/** What the menu offers: to set hooks and rules, to sleep, and to start a machine that is merely gone. */
export function PowerItems({ of: pod, onOpen }: { of: PodView; onOpen: (dialog: OpenDialog) => void }) {
  const wake = useSwitch(wakeAction, pod, `${pod.name} is being woken. Its model takes minutes to load.`);
  const isGone = pod.state === "unreachable" || pod.state === "unknown";
  return (
    <>
      {pod.power?.startHost && isGone && (
        <MenuItem icon={<ClockIcon />} onSelect={wake.run}>
          Wake
        </MenuItem>
      )}
      {pod.power?.stopHost && pod.state !== "asleep" && (
        <MenuItem icon={<ClockIcon />} onSelect={() => onOpen({ kind: "sleep", pod })}>
          Put to sleep
        </MenuItem>
      )}
      <MenuItem icon={<ClockIcon />} onSelect={() => onOpen({ kind: "power", pod })}>
        Set wake and sleep
      </MenuItem>
    </>
  );
}

/** That it is about to be stopped, and that a hook failed. */
export function PowerNotes({ of: pod }: { of: PodView }) {
  const keep = useSwitch(keepAwakeAction, pod, `${pod.name} stays awake for an hour`);
  const { power } = pod;
  if (power === null) return null;
  const { stopsAt, last } = power;
  // A failure is news for as long as the pod is what the hook was to change.
  const isAsBefore = (last?.hook === "start") !== (pod.state === "serving");
  const hasFailed = last !== null && last.result !== null && last.result !== "done" && isAsBefore;
  return (
    <>
      {stopsAt && (
        <Note tone="warn">
          <b>
            Nobody uses it: it stops <Time at={stopsAt} />.
          </b>{" "}
          A call before then keeps it awake.{" "}
          <Button size="small" busy={keep.isBusy} aria-label={`Keep ${pod.name} awake for an hour`} onClick={keep.run}>
            Keep awake for an hour
          </Button>
        </Note>
      )}
      {hasFailed && (
        <Note tone="warn">
          <b>
            The hook to {last.hook} it failed <Time at={last.at} />,
          </b>{" "}
          because {hookTrouble(last.result ?? "", last.status)}.
        </Note>
      )}
    </>
  );
}

/** How it is woken and stopped, and what sleeping saved this month. */
export function PowerFacts({ of: { power } }: { of: PodView }) {
  if (power === null) return null;
  const { startHost, stopHost, wakeWhenCalled, stopAfterMinutes, awakeUntil, asleepHours, savedMicroUsd } = power;
  const hasHooks = startHost !== null || stopHost !== null;
  return (
    <>
      <dt>Wake and sleep</dt>
      <dd>
        {hasHooks ? rules(wakeWhenCalled, stopAfterMinutes) : "no hooks"}
        {hasHooks && (
          <span className="muted"> · through {[...new Set([startHost, stopHost])].filter(Boolean).join(" and ")}</span>
        )}
        {awakeUntil && (
          <span className="muted">
            {" "}
            · kept awake until <Time at={awakeUntil} style="soon" />
          </span>
        )}
      </dd>
      {asleepHours > 0 && (
        <>
          <dt>Saved this month</dt>
          <dd>
            {savedMicroUsd === null ? (
              <span className="muted">unknown without a price</span>
            ) : (
              <span title={`$${usdText(savedMicroUsd)}, the time asleep at the price it had`}>
                {money(savedMicroUsd)}
              </span>
            )}
            <span className="muted">, asleep for {hoursWords(asleepHours)}</span>
          </dd>
        </>
      )}
    </>
  );
}

function rules(wakes: boolean, minutes: number | null) {
  const parts = [wakes && "woken when called", minutes !== null && `stopped after ${counted(minutes, "idle minute")}`];
  return parts.filter(Boolean).join(", ") || "by hand";
}
