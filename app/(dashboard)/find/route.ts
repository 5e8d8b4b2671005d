import { isAdmin } from "@/lib/auth/member";
import { memberNames } from "@/lib/auth/queries";
import { listKeys } from "@/lib/keys/queries";
import { podStates } from "@/lib/pods/queries";
import { viewer } from "../_shell/viewer";

const MOST = 20;

export type Found = {
  keys: {
    id: string;
    name: string;
    hint: string /** Whose it is, where it is somebody else's. */;
    owner: string | null;
  }[];
  members: { id: string; name: string; email: string }[];
  pods: { id: string; name: string; state: string }[];
};

/** What the command menu can lead to beside pages: one's own keys, and for admins members, pods and everybody's keys. */
export async function GET(request: Request) {
  const { member, now } = await viewer();
  const search = new URL(request.url).searchParams.get("q")?.trim().slice(0, 100) ?? "";
  const isWide = isAdmin(member) && search !== "";
  const [own, all, members, pods] = await Promise.all([
    listKeys(member, { search, memberId: member.memberId, sort: "lastUsed", take: MOST }, now),
    isWide ? listKeys(member, { search, sort: "lastUsed", take: MOST }, now) : null,
    isWide ? memberNames(member) : [],
    isAdmin(member) ? podStates(now) : [],
  ]);
  const others = (all?.keys ?? []).filter((key) => key.member.id !== member.memberId);
  const wanted = search.toLowerCase();
  const found: Found = {
    keys: [...own.keys, ...others].slice(0, MOST).map((key) => ({
      id: key.id,
      name: key.name,
      hint: key.secrets[0]?.hint ?? "",
      owner: key.member.id === member.memberId ? null : key.member.name,
    })),
    members: members
      .filter(({ name, email }) => name.toLowerCase().includes(wanted) || email.includes(wanted))
      .slice(0, MOST),
    pods: pods.map(({ id, name, state }) => ({ id, name, state })),
  };
  return Response.json(found, { headers: { "cache-control": "private, no-store" } });
}
