"use client";

import { ButtonLink } from "@/app/_ui/button-link";
import { CloseIcon, DownloadIcon } from "@/app/_ui/icons";
import { ChoiceMenu } from "@/app/_ui/menu";
import type { useQuery } from "@/app/_ui/use-query";

type Query = ReturnType<typeof useQuery>;
type Named = { id: string; name: string };

/** One thing a list is narrowed to: a parameter of the address, and what it is called. */
export type Chip = { param: string; value: string; kind: string; name: string };

/** What a page is narrowed to, each by its name and with a way out. */
export function FilterChips({ chips, query: { drop } }: { chips: readonly Chip[]; query: Query }) {
  return chips.map(({ param, value, kind, name }) => (
    <button
      key={`${param} ${value}`}
      type="button"
      className="button button-small filter-chip"
      onClick={() => drop(param, value)}
    >
      <span className="muted">{kind}</span> <span className="filter-name">{name}</span>
      <CloseIcon size={12} />
      <span className="visually-hidden">, take this filter away</span>
    </button>
  ));
}

/** Whose rows to show; for those who see everybody's. */
export function MemberChoice({
  label,
  everybody,
  value,
  members,
  query: { change },
}: {
  label: string;
  everybody: string;
  value: string | undefined;
  members: readonly Named[];
  query: Query;
}) {
  if (members.length < 2) return null;
  return (
    <ChoiceMenu
      label={label}
      value={value ?? ""}
      options={[{ value: "", name: everybody }, ...members.map(({ id, name }) => ({ value: id, name }))]}
      onChange={(member) => change({ member })}
    />
  );
}

/** By whose clock times are shown; for this view, the member's own is under Settings. */
export function ZoneChoice({
  zone,
  zones,
  query: { change },
}: {
  zone: string;
  zones: readonly string[];
  query: Query;
}) {
  if (zones.length < 2) return <span>{zone}</span>;
  return (
    <ChoiceMenu
      label="Time zone"
      value={zone}
      options={zones.map((value) => ({ value, name: value }))}
      onChange={(tz) => change({ tz: tz === zones[0] ? null : tz })}
    />
  );
}

/** Everything behind the page's filters as a file: for a spreadsheet, and for a program. */
export function ExportLinks({ path, query: { params } }: { path: string; query: Query }) {
  return (["csv", "json"] as const).map((format) => {
    const asked = new URLSearchParams(params);
    asked.delete("cursor");
    if (format === "json") asked.set("format", "json");
    const text = asked.toString();
    return (
      <ButtonLink
        key={format}
        href={text === "" ? path : `${path}?${text}`}
        prefetch={false}
        icon={<DownloadIcon size={14} />}
        download
      >
        {format.toUpperCase()}
      </ButtonLink>
    );
  });
}

/** The way to older rows, and back to the newest. */
export function PageSteps({ next, query: { params, hrefWith } }: { next: string | null; query: Query }) {
  return (
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
  );
}

/** Filters that match nothing offer to be cleared: that is another thing than an empty account. */
export function NothingMatches({ query: { params, change } }: { query: Query }) {
  const clear = () =>
    change(Object.fromEntries([...params.keys()].filter((name) => !KEPT.has(name)).map((name) => [name, null])));
  return (
    <p className="nothing">
      Nothing matches these filters.{" "}
      <button type="button" className="link-button" onClick={clear}>
        Clear them
      </button>
    </p>
  );
}

/** How a list is shown is no filter of it. */
const KEPT = new Set(["tz", "live", "cursor"]);

/** Whether an address narrows its list at all. */
export const isNarrowed = (params: Iterable<[string, string]>) => [...params].some(([name]) => !KEPT.has(name));
