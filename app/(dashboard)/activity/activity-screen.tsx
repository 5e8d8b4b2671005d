"use client";

import { classes } from "@/app/_ui/classes";
import { ChoiceMenu } from "@/app/_ui/menu";
import { PageHead } from "@/app/_ui/page-head";
import { useQuery } from "@/app/_ui/use-query";
import { useZone } from "@/app/_ui/zone";
import type { Activity } from "@/lib/audit/queries";
import { ExportLinks, isNarrowed, MemberChoice, NothingMatches, PageSteps } from "../_shell/filters";
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
  const query = useQuery();
  const { params, busy, change } = query;
  const zone = useZone();
  const kinds = [...new Set(actions.map((action) => action.split(".")[0] ?? action))];
  return (
    <div className="page">
      <PageHead title="Activity" meta={isAdmin ? "Nothing here can be edited" : "What you did, and what concerns you"}>
        <ExportLinks path="/activity/export" query={query} />
      </PageHead>
      <search className="toolbar">
        <MemberChoice label="Person" everybody="Everybody" value={view.memberId} members={members} query={query} />
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
      ) : isNarrowed(params) ? (
        <NothingMatches query={query} />
      ) : (
        <p className="nothing">Nothing has happened yet.</p>
      )}
      <div className="table-foot">
        <span>Newest first, times in {zone}.</span>
        <PageSteps next={next} query={query} />
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
