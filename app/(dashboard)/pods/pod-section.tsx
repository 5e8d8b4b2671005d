"use client";

import { change, durationParts, durationWords, exact, money } from "@/app/_ui/figures";
import { Note } from "@/app/_ui/note";
import { StatusChip } from "@/app/_ui/status";
import { StatusGlyph } from "@/app/_ui/status-glyph";
import { Tiles } from "@/app/_ui/tiles";
import { Time } from "@/app/_ui/time";
import { STATES } from "../_shell/pod-standing";
import type { OpenDialog } from "./dialogs";
import { PodActions } from "./pod-actions";
import { BillFact, CounterFact } from "./pod-money";
import { PowerFacts, PowerNotes } from "./pod-power";
import type { PodView } from "./read-pods";
import { RunningTable } from "./running-table";

type PodSectionProps = { of: PodView; onOpen: (dialog: OpenDialog) => void };

/** One pod: how it is and since when, what to do about it, who uses it now, and how it is set. */
export function PodSection({ of: pod, onOpen }: PodSectionProps) {
  const isPaused = pod.pausedAt !== null;
  const state = STATES[pod.state] ?? STATES.unknown;
  const headingId = `pod-${pod.id}`;
  return (
    <section className="pod" aria-labelledby={headingId}>
      <header className="pod-head">
        <h2 id={headingId}>{pod.name}</h2>
        {isPaused ? (
          <StatusChip tone="idle" glyph="bars">
            Paused
          </StatusChip>
        ) : (
          state && (
            <StatusChip tone={state.tone} glyph={state.glyph}>
              {state.word}
            </StatusChip>
          )
        )}
        <span className="muted">
          <Since of={pod} />
        </span>
        <PodActions of={pod} onOpen={onOpen} />
      </header>
      {pod.simulatedAt && (
        <Note tone="info">
          This is the simulated pod: its answers are made up. It steps back as soon as you add a real one.
        </Note>
      )}
      <PowerNotes of={pod} />
      {!isPaused && pod.problem && (
        <Note tone={pod.state === "loading" || pod.state === "asleep" ? "info" : "warn"}>
          <b>{pod.problem.sentence}</b> {pod.problem.nextStep}
        </Note>
      )}
      {!isPaused && <PodTiles of={pod} />}
      {pod.running.length > 0 ? (
        <div className="columns columns-side gap-above">
          <RunningTable running={pod.running} />
          <PodFacts of={pod} />
        </div>
      ) : (
        <PodFacts of={pod} wide />
      )}
    </section>
  );
}

function Since({ of: pod }: { of: PodView }) {
  if (pod.pausedAt) {
    return (
      <>
        since <Time at={pod.pausedAt} style="soon" />. It gets no new calls; its key and history stay.
      </>
    );
  }
  return (
    <>
      {pod.stateSince && pod.state !== "unknown" && (
        <>
          since <Time at={pod.stateSince} style="soon" />,{" "}
        </>
      )}
      {pod.lastSeenAt ? (
        <>
          seen <Time at={pod.lastSeenAt} />
        </>
      ) : (
        "never seen"
      )}
    </>
  );
}

function PodTiles({ of: pod }: { of: PodView }) {
  const { runningCount, maxInFlight, hour, hourBefore } = pod;
  const isFull = maxInFlight !== null && runningCount >= maxInFlight;
  const before = change(hour.requests, hourBefore.requests);
  const none = { value: "–", unit: "" };
  return (
    <Tiles
      tiles={[
        {
          label: "Running now",
          figure: { value: exact(runningCount), unit: maxInFlight === null ? "" : `of ${exact(maxInFlight)}` },
          state: isFull && (
            <span className="status tone-warn">
              <StatusGlyph glyph="triangle" />
            </span>
          ),
          below: isFull ? "full, so new calls wait" : (asVllmSays(pod) ?? "as Podpass counts them"),
        },
        {
          label: "Requests, last hour",
          figure: { value: exact(hour.requests), unit: "" },
          below: before === null ? "none the hour before" : `${before} against the hour before`,
        },
        {
          label: "First token, p95",
          figure: hour.ttftP95 === null ? none : durationParts(hour.ttftP95),
          below: hourBefore.ttftP95 === null ? "nothing to compare" : `${inUnits(hourBefore.ttftP95)} the hour before`,
        },
        {
          label: "Failed, last hour",
          figure: { value: exact(hour.failed), unit: "" },
          below: `${exact(hourBefore.failed)} the hour before`,
        },
      ]}
    />
  );
}

/** `vLLM: 12 running, 3 waiting, cache 64%`; null where it has told nothing, or is away. */
function asVllmSays({ state, gaugesAt, requestsRunning, requestsWaiting, kvCacheUsage }: PodView) {
  if (gaugesAt === null || state !== "serving") return null;
  const cache = kvCacheUsage === null ? "" : `, cache ${Math.round(kvCacheUsage * 100)}%`;
  return `vLLM: ${exact(requestsRunning ?? 0)} running, ${exact(requestsWaiting ?? 0)} waiting${cache}`;
}

function inUnits(ms: number) {
  const { value, unit } = durationParts(ms);
  return `${value} ${unit}`;
}

function PodFacts({ of: pod, wide }: { of: PodView; wide?: boolean }) {
  return (
    <dl className={wide ? "facts facts-wide" : "facts"}>
      <dt>Address</dt>
      <dd>
        <code className="anywhere">{pod.baseUrl}</code>
      </dd>
      <dt>Key</dt>
      <dd>
        {pod.hasKey ? "stored, never shown" : "none"}
        {pod.triesBothKeys && pod.keyChangedAt && (
          <span className="muted">
            {" "}
            · changed <Time at={pod.keyChangedAt} style="soon" />, the one before is tried too
          </span>
        )}
      </dd>
      <dt>Models</dt>
      <dd className="row wrap tags">
        {pod.models.length === 0
          ? "None seen yet"
          : pod.models.map((model) => (
              <span key={model} className="tag">
                {model}
              </span>
            ))}
      </dd>
      <dt>Price</dt>
      <dd>{pod.hourlyMicroUsd === null ? "not set" : `${money(pod.hourlyMicroUsd)} an hour`}</dd>
      {pod.bill && <BillFact bill={pod.bill} />}
      {pod.counters && <CounterFact of={pod.counters} />}
      <dt>Weight</dt>
      <dd>{pod.weight}</dd>
      <dt>Most in flight</dt>
      <dd>{pod.maxInFlight === null ? "no limit" : exact(pod.maxInFlight)}</dd>
      <dt>Waiting room</dt>
      <dd>{pod.holdSeconds === null ? "off" : `${durationWords(pod.holdSeconds)} while it loads`}</dd>
      <PowerFacts of={pod} />
      <dt>Proxy</dt>
      <dd>{pod.behindProxyAt === null ? "none, or a patient one" : "gives up after 100 seconds"}</dd>
      <dt>Added</dt>
      <dd>
        <Time at={pod.createdAt} style="dayAndTime" />
      </dd>
    </dl>
  );
}
