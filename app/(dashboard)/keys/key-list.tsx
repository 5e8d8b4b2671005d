"use client";

import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "@/app/_ui/button";
import { ButtonLink } from "@/app/_ui/button-link";
import { classes } from "@/app/_ui/classes";
import { CodeBlock } from "@/app/_ui/code-block";
import { Cut } from "@/app/_ui/cut";
import { counted } from "@/app/_ui/figures";
import { PlusIcon } from "@/app/_ui/icons";
import { Note } from "@/app/_ui/note";
import { PageHead } from "@/app/_ui/page-head";
import { SortHead } from "@/app/_ui/sort-head";
import { showToast } from "@/app/_ui/toast";
import { useQuery } from "@/app/_ui/use-query";
import { useZone } from "@/app/_ui/zone";
import { NEW_KEY_EVENT } from "../_shell/commands";
import { KeyDialogs, type OpenDialog } from "./key-dialogs";
import type { KeyFacts, KeysContext, MemberChoice } from "./key-facts";
import { KeyFilters } from "./key-filters";
import { KeyRow } from "./key-row";
import { useKeySwitch } from "./use-key-switch";

type KeyListProps = {
  keys: readonly KeyFacts[];
  /** The next page's cursor. */
  next: string | null;
  counts: { live: number; ended: number };
  members: readonly MemberChoice[];
  /** Tokens a day of 14 days, by key. */
  days: Readonly<Record<string, readonly number[]>>;
  context: KeysContext;
  /** Why no key can be made right now, in words. */
  refused: string | null;
  /** What somebody should know of their keys before they look through them. */
  notices: ReactNode;
};

/** The dialog has given the focus back by then. */
const FOCUS_AFTER_MS = 50;

const NO_DAYS = Array.from({ length: 14 }, () => 0);

export function KeyList({ keys, next, counts, members, days, context, refused, notices }: KeyListProps) {
  const query = useQuery();
  const { params, busy, hrefWith, change } = query;
  const zone = useZone();
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { press, turn } = useKeySwitch({
    onRefused: setProblem,
    onAsk: (key) => setDialog({ kind: "disable", key }),
    viewerId: context.viewer.id,
  });
  const nextFocus = useRef<string | null>(null);

  useEffect(() => {
    const create = () => (refused ? setProblem(refused) : setDialog((current) => current ?? { kind: "create" }));
    if (params.has("new")) {
      change({ new: null });
      create();
    }
    addEventListener(NEW_KEY_EVENT, create);
    return () => removeEventListener(NEW_KEY_EVENT, create);
  });

  // Its row is about to go: once the dialog has closed, the focus moves to the row that stood next to it.
  function open(next: OpenDialog) {
    if (next.kind === "revoke") {
      const at = keys.findIndex(({ id }) => id === next.key.id);
      nextFocus.current = (keys[at + 1] ?? keys[at - 1])?.id ?? null;
    }
    setDialog(next);
  }

  function onRevoked(key: KeyFacts) {
    setDialog(null);
    showToast(`${key.name} is revoked`);
    const next = nextFocus.current;
    setTimeout(
      () => document.querySelector<HTMLElement>(next ? `#key-${next} a.name` : "[data-search]")?.focus(),
      FOCUS_AFTER_MS,
    );
  }

  const isEmpty = counts.live + counts.ended === 0;
  const isFiltered = ["q", "member", "status"].some((name) => params.has(name));
  const newKey = (
    <Button
      tone="primary"
      icon={<PlusIcon size={14} />}
      aria-disabled={refused ? true : undefined}
      title={refused ?? undefined}
      onClick={() => (refused ? setProblem(refused) : setDialog({ kind: "create" }))}
    >
      New key
    </Button>
  );
  const sort = { current: params.get("sort"), direction: params.get("dir"), hrefWith };

  return (
    <div className="page">
      {notices}
      <PageHead title="Keys" meta={isEmpty ? null : `${counts.live} live of ${counts.live + counts.ended}`}>
        {!isEmpty && newKey}
      </PageHead>
      {problem && (
        <div className="gap-below">
          <Note tone="danger" role="alert">
            {problem}
          </Note>
        </div>
      )}
      {isEmpty ? (
        <div className="empty">
          <Cut hint="first" state="ended" width={76} />
          <p className="empty-title">You have no key yet.</p>
          <p className="prose">A key lets your programs call the team's models. Make one, then this call works:</p>
          <div className="empty-code">
            <CodeBlock
              alone
              language="shell"
              label="A first call"
              code={`curl ${context.publicUrl}/v1/models \\\n  -H "Authorization: Bearer $PODPASS_KEY"`}
            />
          </div>
          {newKey}
        </div>
      ) : (
        <>
          <KeyFilters query={query} members={members} ended={counts.ended} />
          {keys.length > 0 ? (
            <table className={classes("entries", busy && "dimmed")}>
              <thead>
                <tr>
                  <SortHead {...sort} by="name">
                    Name
                  </SortHead>
                  {members.length > 1 && <th className="low-rank">Member</th>}
                  <th>Hint</th>
                  <th>Status</th>
                  <SortHead {...sort} by="lastUsed" firstDescending>
                    Last used
                  </SortHead>
                  <th>14 days, tokens</th>
                  <SortHead
                    {...sort}
                    by="created"
                    firstDescending
                    isDefault
                    className={members.length > 1 ? "low-rank lower-rank" : "low-rank"}
                  >
                    Created
                  </SortHead>
                  <SortHead {...sort} by="expires">
                    Expires
                  </SortHead>
                  <th>
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {keys.map((key) => (
                  <KeyRow
                    key={key.id}
                    of={key}
                    showMember={members.length > 1}
                    days={days[key.id] ?? NO_DAYS}
                    onOpen={open}
                    onTurn={press}
                    rotateEveryDays={context.policy.rotateEveryDays}
                  />
                ))}
              </tbody>
            </table>
          ) : (
            <p className="nothing">
              {isFiltered ? "Nothing matches these filters. " : "No live key. "}
              <button
                type="button"
                className="link-button"
                onClick={() =>
                  change({ q: null, member: null, status: isFiltered ? null : "all", sort: null, dir: null })
                }
              >
                {isFiltered ? "Clear them" : "Show ended keys"}
              </button>
            </p>
          )}
          <div className="table-foot">
            <span>
              {counted(keys.length, "key")}
              {(next || params.has("cursor")) && " on this page"}. Times in {zone}.
            </span>
            <span className="no-phone">
              Press <kbd>n</kbd> for a new key.
            </span>
            <span className="row push">
              {params.has("cursor") && (
                <ButtonLink size="small" href={hrefWith({})}>
                  First page
                </ButtonLink>
              )}
              {next && (
                <ButtonLink size="small" href={hrefWith({ cursor: next })}>
                  Next page
                </ButtonLink>
              )}
            </span>
          </div>
        </>
      )}
      <KeyDialogs
        open={dialog}
        context={context}
        members={members}
        onClose={() => setDialog(null)}
        onRevoked={onRevoked}
        onDisable={(key) => {
          setDialog(null);
          turn(key, false);
        }}
      />
    </div>
  );
}
