"use client";

import { useEffect, useRef, useState } from "react";
import { SearchIcon } from "@/app/_ui/icons";
import { ChoiceMenu } from "@/app/_ui/menu";
import type { useQuery } from "@/app/_ui/use-query";
import { useTypedEarly } from "@/app/_ui/use-typed-early";
import { holdsSecret } from "@/lib/keys/secret-shape";

const STATUSES = [
  { value: "live", name: "Any live status" },
  { value: "active", name: "Active" },
  { value: "expiring", name: "Expires soon" },
  { value: "rotating", name: "Rotating" },
  { value: "overdue", name: "Rotation overdue" },
  { value: "disabled", name: "Disabled" },
  { value: "expired", name: "Expired" },
  { value: "revoked", name: "Revoked" },
  { value: "all", name: "All, ended ones too" },
];

/** The orders that the columns' heads give, for screens too narrow for heads. */
const ORDERS = [
  { value: "created", name: "newest" },
  { value: "lastUsed", name: "last use" },
  { value: "name", name: "name" },
  { value: "expires", name: "expiry" },
];

const TYPING_MS = 250;

type KeyFiltersProps = {
  query: ReturnType<typeof useQuery>;
  members: readonly { id: string; name: string }[];
  ended: number;
};

/** Search, member and status, all in the address. A pasted secret is recognised here and goes nowhere. */
export function KeyFilters({ query: { params, change }, members, ended }: KeyFiltersProps) {
  const inAddress = params.get("q") ?? "";
  const [text, setText] = useState(inAddress);
  const sent = useRef(inAddress);
  const field = useRef<HTMLInputElement>(null);
  useTypedEarly(field, text, setText);
  const isSecret = holdsSecret(text);
  const status = params.get("status") ?? "live";
  const showsEnded = ["all", "ended", "expired", "revoked"].includes(status);

  // Cleared from elsewhere, or gone back in history: the field follows.
  useEffect(() => {
    if (inAddress === sent.current) return;
    sent.current = inAddress;
    setText(inAddress);
  }, [inAddress]);

  useEffect(() => {
    if (isSecret || text.trim() === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      change({ q: text.trim() });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  });

  return (
    <>
      <search className="toolbar">
        <label className="field field-small search">
          <SearchIcon size={14} />
          <input
            ref={field}
            type="search"
            placeholder="Name or hint"
            aria-label="Search keys"
            value={text}
            onChange={(event) => setText(event.target.value)}
            autoComplete="off"
            spellCheck={false}
            maxLength={100}
            data-search
          />
          <kbd className="no-phone">/</kbd>
        </label>
        {members.length > 1 && (
          <ChoiceMenu
            label="Member"
            value={params.get("member") ?? ""}
            options={[{ value: "", name: "All members" }, ...members.map(({ id, name }) => ({ value: id, name }))]}
            onChange={(member) => change({ member })}
          />
        )}
        <ChoiceMenu
          label="Status"
          value={status}
          options={STATUSES.map((option) => (option.value === "live" ? { ...option, name: "Any status" } : option))}
          onChange={(value) => change({ status: value === "live" ? null : value })}
        />
        <span className="only-phone">
          <ChoiceMenu
            label="Order"
            prefix="by"
            value={params.get("sort") ?? "created"}
            options={ORDERS}
            onChange={(sort) => change({ sort: sort === "created" ? null : sort, dir: null })}
          />
        </span>
        {ended > 0 && (
          <button
            type="button"
            className="button button-quiet button-small"
            aria-pressed={showsEnded}
            onClick={() => change({ status: showsEnded ? null : "all" })}
          >
            {ended} ended, {showsEnded ? "shown" : "hidden"}
          </button>
        )}
      </search>
      {isSecret && (
        <p className="help secret-warning" role="alert">
          That is a whole secret, so it was not sent anywhere. Search for its first or last letters instead, and rotate
          the key if you pasted it where others can see it.
        </p>
      )}
    </>
  );
}
