"use client";

import { ButtonLink } from "@/app/_ui/button";
import { classes } from "@/app/_ui/classes";
import { DownloadIcon } from "@/app/_ui/icons";
import { ChoiceMenu } from "@/app/_ui/menu";
import { PageHead } from "@/app/_ui/page-head";
import { useQuery } from "@/app/_ui/use-query";
import { useZone } from "@/app/_ui/zone";
import type { Activity } from "@/lib/audit/queries";
import { ActivityRow } from "./activity-row";
import type { ActivityView } from "./view";
import { filterName } from "./words";

type ActivityScreenProps = {
  view: ActivityView;
  events: readonly Activity[];
  next: string | null;
  /** Every action that was ever recorded and may be seen. */
  actions: readonly string[];
  members: readonly { id: string; name: string }[];
  isAdmin: boolean;
};

export function ActivityScreen({ view, events, next, actions, members, isAdmin }: ActivityScreenProps) {
  const { params, busy, hrefWith, change } = useQuery();
  const zone = useZone();
  const address = new URLSearchParams(params);
  address.delete("cursor");
  const query = address.toString();
  const isFiltered = query !== "";
  const kinds = [...new Set(actions.map((action) => action.split(".")[0] ?? action))];
  return (
    <div className="page">
      <PageHead title="Activity" meta={isAdmin ? "Nothing here can be edited" : "What you did, and what concerns you"}>
        <ButtonLink
          href={`/activity/export${query ? `?${query}` : ""}`}
          prefetch={false}
          icon={<DownloadIcon size={14} />}
          download
        >
          CSV
        </ButtonLink>
      </PageHead>
      <search className="toolbar">
        {members.length > 1 && (
          <ChoiceMenu
            label="Person"
            value={view.memberId ?? ""}
            options={[{ value: "", name: "Everybody" }, ...members.map(({ id, name }) => ({ value: id, name }))]}
            onChange={(member) => change({ member })}
          />
        )}
        <ChoiceMenu
          label="Action"
          value={view.action ?? ""}
          options={[
            { value: "", name: "Any action" },
            ...kinds.flatMap((kind) => [
              { value: kind, name: `${filterName(kind)}, all` },
              ...actions
                .filter((action) => action.startsWith(`${kind}.`))
                .map((action) => ({ value: action, name: filterName(action) })),
            ]),
          ]}
          onChange={(action) => change({ action })}
        />
        <DayField label="From" name="from" value={view.days.first} onChange={change} />
        <DayField label="To" name="to" value={view.days.last} onChange={change} />
      </search>
      {events.length > 0 ? (
        <table className={classes("entries", "activity", busy && "dimmed")}>
          <thead>
            <tr>
              <th>When</th>
              <th>What</th>
              <th>Changes</th>
              {isAdmin && <th className="low-rank">From</th>}
            </tr>
          </thead>
          <tbody>
            {events.map((event) => (
              <ActivityRow key={event.id} of={event} showAddress={isAdmin} />
            ))}
          </tbody>
        </table>
      ) : (
        <p className="nothing">
          {isFiltered ? "Nothing matches these filters. " : "Nothing has happened yet."}
          {isFiltered && (
            <button
              type="button"
              className="link-button"
              onClick={() => change({ member: null, action: null, from: null, to: null })}
            >
              Clear them
            </button>
          )}
        </p>
      )}
      <div className="table-foot">
        <span>Newest first, times in {zone}.</span>
        <span className="row push">
          {params.has("cursor") && (
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

type DayFieldProps = {
  label: string;
  name: "from" | "to";
  value: string;
  onChange: (patch: Record<string, string | null>) => void;
};

function DayField({ label, name, value, onChange }: DayFieldProps) {
  return (
    <label className="field field-small day-field">
      <span className="muted">{label}</span>
      <input
        type="date"
        key={value}
        defaultValue={value}
        onChange={(event) => {
          // While a year is being typed the field says 0002, 0020 …
          const day = event.target.value;
          if (day === "" || day >= "2000") onChange({ [name]: day });
        }}
      />
    </label>
  );
}
