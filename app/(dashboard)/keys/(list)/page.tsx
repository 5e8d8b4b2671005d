import type { Metadata } from "next";
import { KEY_SORTS } from "@/lib/keys/list-cursor";
import { countKeys, KEY_FILTERS, listKeys } from "@/lib/keys/queries";
import { keyNotices } from "@/lib/keys/reminders/queries";
import { sparklines } from "@/lib/usage/sparklines/queries";
import { viewer } from "../../_shell/viewer";
import { choosableMembers, keysContext } from "../context";
import { KeyList } from "../key-list";
import { KeyNotices } from "../key-notices";

export const metadata: Metadata = { title: "Keys" };

type Search = Promise<Record<string, string | string[] | undefined>>;

export default async function KeysPage({ searchParams }: { searchParams: Search }) {
  const [{ member, zone, now }, params] = await Promise.all([viewer(), searchParams]);
  const text = (name: string) => (typeof params[name] === "string" ? params[name] : undefined);
  const filter = {
    search: text("q"),
    status: KEY_FILTERS.find((each) => each === text("status")),
    memberId: text("member"),
    sort: KEY_SORTS.find((each) => each === text("sort")),
    descending: text("dir") === undefined ? undefined : text("dir") === "desc",
    cursor: text("cursor"),
  };
  const [page, counts, own, members, notices, { maxKeysPerMember, ...context }] = await Promise.all([
    listKeys(member, filter, now),
    countKeys(member, { memberId: filter.memberId }, now),
    countKeys(member, { memberId: member.memberId }, now),
    choosableMembers(member),
    keyNotices(member, now),
    keysContext(member),
  ]);
  const ids = page.keys.map(({ id }) => id);
  const used = await sparklines(member, ids, { timeZone: zone, now });
  const atCap = own.live >= maxKeysPerMember;
  return (
    <KeyList
      keys={page.keys}
      next={page.next}
      counts={counts}
      members={members}
      days={Object.fromEntries(ids.map((id) => [id, (used.get(id) ?? []).map(({ tokens }) => tokens)]))}
      context={context}
      notices={<KeyNotices notices={notices} now={now} />}
      refused={
        atCap ? `Your team's policy allows ${maxKeysPerMember} keys a member. Revoke one, or ask an admin.` : null
      }
    />
  );
}
