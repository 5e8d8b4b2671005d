"use client";

import { useRef, useState } from "react";
import { classes } from "@/app/_ui/classes";
import { SearchIcon } from "@/app/_ui/icons";
import { ChoiceMenu } from "@/app/_ui/menu";
import { weekdayAndTime } from "@/app/_ui/moments";
import { PageHead } from "@/app/_ui/page-head";
import { Status } from "@/app/_ui/status";
import { useQuery } from "@/app/_ui/use-query";
import { useTypedEarly } from "@/app/_ui/use-typed-early";
import { useZone } from "@/app/_ui/zone";
import type { RequestRow as Row } from "@/lib/usage/requests/queries";
import {
  type Chip,
  ExportLinks,
  FilterChips,
  isNarrowed,
  MemberChoice,
  NothingMatches,
  PageSteps,
  ZoneChoice,
} from "../_shell/filters";
import { RequestRow } from "./request-row";
import type { RequestsView } from "./view";

const SPAN_NAMES = [
  { value: "1h", name: "Last hour" },
  { value: "24h", name: "Last 24 hours" },
  { value: "7d", name: "Last 7 days" },
  { value: "30d", name: "Last 30 days" },
  { value: "all", name: "All that is kept" },
];

const OUTCOMES = [
  { value: "", name: "Any outcome" },
  { value: "running", name: "Running" },
  { value: "completed", name: "Completed" },
  { value: "failed", name: "Failed" },
  { value: "rejected", name: "Rejected" },
  { value: "left", name: "Client left" },
];

type RequestsScreenProps = {
  view: RequestsView;
  rows: readonly Row[];
  next: string | null;
  chips: readonly Chip[];
  zones: readonly string[];
  /** Models that are served, and the one that is filtered by. */
  models: readonly string[];
  members: readonly { id: string; name: string }[];
  retentionDays: number;
};

export function RequestsScreen(props: RequestsScreenProps) {
  const { view, rows, next, chips, members, zones, models, retentionDays } = props;
  const query = useQuery();
  const { busy, change } = query;
  const zone = useZone();
  const [opened, setOpened] = useState<string | null>(view.id);
  const [id, setId] = useState(view.id ?? "");
  const field = useRef<HTMLInputElement>(null);
  useTypedEarly(field, id, setId);
  const showMember = members.length > 1;

  return (
    <div className="page">
      <PageHead title="Requests" meta="Prompts and answers are never stored">
        <ExportLinks path="/requests/export" query={query} />
      </PageHead>
      <search className="toolbar">
        <form
          className="search search-wide"
          onSubmit={(event) => {
            event.preventDefault();
            setOpened(id.trim() || null);
            change({ id: id.trim() });
          }}
        >
          <label className="field field-small">
            <SearchIcon size={14} />
            <input
              ref={field}
              type="search"
              name="id"
              placeholder="Paste a request id"
              aria-label="Find a request"
              value={id}
              onChange={(event) => {
                setId(event.target.value);
                if (event.target.value === "" && view.id) change({ id: null });
              }}
              autoComplete="off"
              spellCheck={false}
              maxLength={64}
              data-search
            />
            <kbd className="no-phone">/</kbd>
          </label>
        </form>
        <ChoiceMenu
          label="Time"
          value={view.span ?? "exact"}
          options={
            view.span === null && view.from
              ? [{ value: "exact", name: `${weekdayAndTime(view.from, zone)} and on` }, ...SPAN_NAMES]
              : SPAN_NAMES
          }
          onChange={(range) =>
            range !== "exact" && change({ range: range === "24h" ? null : range, from: null, to: null })
          }
        />
        <MemberChoice
          label="Member"
          everybody="All members"
          value={view.memberIds[0]}
          members={members}
          query={query}
        />
        {models.length > 0 && (
          <ChoiceMenu
            label="Model"
            value={view.models[0] ?? ""}
            options={[{ value: "", name: "Any model" }, ...models.map((value) => ({ value, name: value }))]}
            onChange={(model) => change({ model })}
          />
        )}
        <ChoiceMenu
          label="Outcome"
          value={view.outcome ?? ""}
          options={OUTCOMES}
          onChange={(outcome) => change({ outcome })}
        />
        <FilterChips chips={chips} query={query} />
        <button
          type="button"
          className="button button-quiet button-small"
          aria-pressed={view.live}
          onClick={() => change({ live: view.live ? "off" : null })}
        >
          Live{" "}
          <Status tone={view.live ? "ok" : "idle"} glyph={view.live ? "disc" : "bars"}>
            {view.live ? "on" : "off"}
          </Status>
        </button>
      </search>
      {rows.length > 0 ? (
        <table className={classes("dense", "entries", busy && "dimmed")}>
          <thead>
            <tr>
              <th>Time</th>
              {showMember && <th>Member</th>}
              <th>Key</th>
              <th>Route</th>
              <th className="low-rank">Model</th>
              <th>Outcome</th>
              <th className="right">In</th>
              <th className="right">Out</th>
              <th className="right low-rank">Queued</th>
              <th className="right">First token</th>
              <th className="right">Took</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <RequestRow
                key={row.requestId}
                of={row}
                showMember={showMember}
                isOpen={opened === row.requestId}
                onToggle={() => setOpened(opened === row.requestId ? null : row.requestId)}
              />
            ))}
          </tbody>
        </table>
      ) : (
        <NothingHere view={view} query={query} />
      )}
      <div className="table-foot">
        <span>Newest first, times in</span>
        <ZoneChoice zone={zone} zones={zones} query={query} />
        <span>Requests are kept for {retentionDays} days; totals remain.</span>
        <PageSteps next={next} query={query} />
      </div>
    </div>
  );
}

function NothingHere({ view, query }: { view: RequestsView; query: ReturnType<typeof useQuery> }) {
  if (view.id) {
    return (
      <p className="nothing">
        No request of yours has this id. It is in the answer's <code>x-request-id</code> header, also when the call
        failed.{" "}
        <button type="button" className="link-button" onClick={() => query.change({ id: null })}>
          Show all
        </button>
      </p>
    );
  }
  if (isNarrowed(query.params)) return <NothingMatches query={query} />;
  return (
    <p className="nothing">
      No requests in the last 24 hours.{" "}
      <button type="button" className="link-button" onClick={() => query.change({ range: "30d" })}>
        Show 30 days
      </button>
    </p>
  );
}
