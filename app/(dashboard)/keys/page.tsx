import type { Metadata } from "next";
import { isAdmin } from "@/lib/auth/member";
import { listMembers } from "@/lib/auth/queries";
import { env } from "@/lib/env";
import { KEY_SORTS } from "@/lib/keys/list-cursor";
import { countKeys, KEY_FILTERS, listKeys } from "@/lib/keys/queries";
import { getPolicy } from "@/lib/policy/queries";
import { readStanding } from "../_shell/pods";
import { viewer } from "../_shell/viewer";
import { KeyList } from "./key-list";

export const metadata: Metadata = { title: "Keys" };

type Search = Promise<Record<string, string | string[] | undefined>>;

export default async function KeysPage({ searchParams }: { searchParams: Search }) {
  const [{ member, now }, params, standing, policy] = await Promise.all([
    viewer(),
    searchParams,
    readStanding(),
    getPolicy(),
  ]);
  const text = (name: string) => (typeof params[name] === "string" ? params[name] : undefined);
  const filter = {
    search: text("q"),
    status: KEY_FILTERS.find((each) => each === text("status")),
    memberId: text("member"),
    sort: KEY_SORTS.find((each) => each === text("sort")),
    descending: text("dir") === undefined ? undefined : text("dir") === "desc",
    cursor: text("cursor"),
  };
  const [page, counts, own, members] = await Promise.all([
    listKeys(member, filter, now),
    countKeys(member, { memberId: filter.memberId }, now),
    countKeys(member, { memberId: member.memberId }, now),
    isAdmin(member) ? listMembers(member, now) : [],
  ]);
  const atCap = own.live >= policy.maxKeysPerMember;
  return (
    <KeyList
      keys={page.keys}
      next={page.next}
      counts={counts}
      members={members.map(({ id, name }) => ({ id, name }))}
      days={{}}
      context={{
        viewer: { id: member.memberId, name: member.name, isAdmin: isAdmin(member) },
        policy: {
          maxKeyDays: policy.maxKeyDays,
          defaultKeyDays: policy.defaultKeyDays,
          maxGraceHours: policy.maxGraceHours,
          rotateEveryDays: policy.rotateEveryDays,
        },
        publicUrl: env.PUBLIC_URL,
        models: standing.models,
      }}
      refused={
        atCap
          ? `Your team's policy allows ${policy.maxKeysPerMember} keys a member. Revoke one, or ask an admin.`
          : null
      }
    />
  );
}
