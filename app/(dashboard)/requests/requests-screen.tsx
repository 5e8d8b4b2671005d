"use client";

import { useState } from "react";
import { ButtonLink } from "@/app/_ui/button";
import { classes } from "@/app/_ui/classes";
import { CloseIcon, DownloadIcon, SearchIcon } from "@/app/_ui/icons";
import { ChoiceMenu } from "@/app/_ui/menu";
import { weekdayAndTime } from "@/app/_ui/moments";
import { PageHead } from "@/app/_ui/page-head";
import { Status } from "@/app/_ui/status";
import { useQuery } from "@/app/_ui/use-query";
import { useZone } from "@/app/_ui/zone";
import type { RequestRow as Row } from "@/lib/usage/requests/queries";
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
  members: readonly { id: string; name: string }[];
  retentionDays: number;
};

export function RequestsScreen({ view, rows, next, members, retentionDays }: RequestsScreenProps) {
  const query = useQuery();
  const { params, busy, hrefWith, change } = query;
  const zone = useZone();
  const [opened, setOpened] = useState<string | null>(view.id);
  const [id, setId] = useState(view.id ?? "");
  const showMember = members.length > 1;
  const address = params.toString();
  const narrowed = [
    ...(view.keyIds.length > 0 ? [{ param: "key", name: rows[0]?.keyName || "one key" }] : []),
    ...(view.models.length > 0 ? [{ param: "model", name: view.models.join(", ") }] : []),
  ];
  const isFiltered = [...params.keys()].some((name) => !["live", "cursor"].includes(name));

  return (
    <div className="page">
      <PageHead title="Requests" meta="Prompts and answers are never stored">
        <ButtonLink
          href={`/requests/export${address ? `?${address}` : ""}`}
          prefetch={false}
          icon={<DownloadIcon size={14} />}
          download
        >
          CSV
        </ButtonLink>
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
              type="search"
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
        {showMember && (
          <ChoiceMenu
            label="Member"
            value={view.memberIds[0] ?? ""}
            options={[
              { value: "", name: "All members" },
              ...members.map((member) => ({ value: member.id, name: member.name })),
            ]}
            onChange={(member) => change({ member })}
          />
        )}
        <ChoiceMenu
          label="Outcome"
          value={view.outcome ?? ""}
          options={OUTCOMES}
          onChange={(outcome) => change({ outcome })}
        />
        {narrowed.map(({ param, name }) => (
          <button key={param} type="button" className="button button-small" onClick={() => change({ [param]: null })}>
            <span className="muted">only</span> {name}
            <CloseIcon size={12} />
            <span className="visually-hidden">Show all again</span>
          </button>
        ))}
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
        <NothingHere view={view} isFiltered={isFiltered} onChange={change} />
      )}
      <div className="table-foot">
        <span>
          Newest first, times in {zone}. Requests are kept for {retentionDays} days; totals remain.
        </span>
        <span className="row push">
          {view.cursor && (
            <ButtonLink size="small" href={hrefWith({})}>
              Newest
            </ButtonLink>
          )}
          {next && (
            <ButtonLink size="small" href={hrefWith({ cursor: next })}>
              Older
            </ButtonLink>
          )}
        </span>
      </div>
    </div>
  );
}

type NothingProps = {
  view: RequestsView;
  isFiltered: boolean;
  onChange: (patch: Record<string, string | null>) => void;
};

function NothingHere({ view, isFiltered, onChange }: NothingProps) {
  const clear = { id: null, key: null, member: null, model: null, outcome: null, from: null, to: null };
  if (view.id) {
    return (
      <p className="nothing">
        No request of yours has this id. It is in the answer's <code>x-request-id</code> header, also when the call
        failed.{" "}
        <button type="button" className="link-button" onClick={() => onChange(clear)}>
          Show all
        </button>
      </p>
    );
  }
  return (
    <p className="nothing">
      {isFiltered ? "Nothing matches these filters. " : "No requests in the last 24 hours. "}
      <button type="button" className="link-button" onClick={() => onChange(isFiltered ? clear : { range: "30d" })}>
        {isFiltered ? "Clear them" : "Show 30 days"}
      </button>
    </p>
  );
}
