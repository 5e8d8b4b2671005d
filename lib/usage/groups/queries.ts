import { postgres } from "../../postgres";

/** By outcome requests can be told apart, their tokens can't: those are 0. */
export type GroupBy = "model" | "key" | "member" | "pod" | "outcome";

/** One of what is grouped by: `id` is the row's id, the model, or the outcome; null for "none" (no pod was asked, no model named). */
export type Group = {
  id: string | null;
  name: string;
  /** Whose key it is, in groups by key. */
  memberName: string | null;
};

/** What everything together is called where nothing is told apart. */
const EVERYTHING = "all";

/** SQL for what tells groups apart, over the columns of parts. */
export function idOf(groupBy: GroupBy | null) {
  if (groupBy === null || groupBy === "outcome") return `'${EVERYTHING}'`;
  return { model: "model", key: "key_id", member: "member_id", pod: "pod_id" }[groupBy];
}

/** Names for the ids of groups, as they are called today. What has no name any more keeps its id. */
export async function namesOf(groupBy: GroupBy | null, ids: string[]): Promise<(id: string) => Group> {
  const NAMES: Partial<Record<GroupBy, string>> = {
    key: `SELECT k.id::text, k.name, u.name AS member_name FROM api_keys k JOIN users u ON u.id = k.member_id WHERE k.id = ANY($1)`,
    member: "SELECT id::text, name, NULL AS member_name FROM users WHERE id = ANY($1)",
    pod: "SELECT id::text, name, NULL AS member_name FROM pods WHERE id = ANY($1)",
  };
  const text = groupBy === null ? undefined : NAMES[groupBy];
  type Named = { id: string; name: string; member_name: string | null };
  const rows = text === undefined || ids.length === 0 ? [] : (await postgres().query<Named>(text, [ids])).rows;
  const byId = new Map(rows.map((row) => [row.id, row]));
  return (id) => {
    if (groupBy === null) return { id: null, name: "All", memberName: null };
    const isNone = id === "" || id === NO_POD;
    const row = byId.get(id);
    return { id: isNone ? null : id, name: row?.name ?? (isNone ? "None" : id), memberName: row?.member_name ?? null };
  };
}

/** What stands in a rollup's pod column where no pod was asked. */
const NO_POD = "00000000-0000-0000-0000-000000000000";
