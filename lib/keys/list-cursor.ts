import { AppError } from "../errors";

export const KEY_SORTS = ["created", "name", "lastUsed", "expires"] as const;

export type KeySort = (typeof KEY_SORTS)[number];

/** Where a page of the list ends: the last row's sort value, as PostgreSQL writes it, and its id. */
export type ListCursor = { sort: KeySort; descending: boolean; value: string; id: string };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TIME = /^(-?infinity|\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?)$/;

/** True for what a column of type uuid takes; anything else in an address is simply not found. */
export function isUuid(text: string) {
  return UUID.test(text);
}

/** One opaque word for an address. */
export function writeCursor({ sort, descending, value, id }: ListCursor) {
  return Buffer.from(JSON.stringify([sort, descending, value, id])).toString("base64url");
}

/** Reads a cursor that came back in an address, and trusts nothing about it. */
export function readCursor(text: string, sort: KeySort, descending: boolean): ListCursor {
  const [ofSort, isDescending, value, id] = parts(text);
  const fits = ofSort === sort && isDescending === descending && typeof value === "string" && typeof id === "string";
  if (!fits || !isUuid(id) || !(sort === "name" ? value.length <= 200 && !value.includes("\0") : TIME.test(value))) {
    throw new AppError("invalid_request", "This page of the list no longer exists. Start from its first page.");
  }
  return { sort, descending, value, id };
}

function parts(text: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
