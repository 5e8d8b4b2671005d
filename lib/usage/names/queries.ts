import { type Actor, isAdmin } from "../../auth/member";
import { postgres } from "../../postgres";
import { isId, type UsageFilters } from "../scope";

export type Named = { id: string; name: string };
export type FilterNames = { keys: Named[]; members: Named[]; pods: Named[] };

/**
 * What the ids of a filter are called. Names of keys and members are given to those who may see them; a filter with somebody
 * else's id reads as one with an id that never was.
 */
export async function filterNames(actor: Actor, { keyIds, memberIds, podIds }: UsageFilters): Promise<FilterNames> {
  const everybody = isAdmin(actor);
  const [keys, members, pods] = await Promise.all([
    named("SELECT id::text, name FROM api_keys WHERE id = ANY($1) AND ($2 OR member_id = $3)", keyIds, [
      everybody,
      actor.memberId,
    ]),
    named("SELECT id::text, name FROM users WHERE id = ANY($1) AND ($2 OR id = $3)", memberIds, [
      everybody,
      actor.memberId,
    ]),
    named("SELECT id::text, name FROM pods WHERE id = ANY($1)", podIds, []),
  ]);
  return { keys, members, pods };
}

async function named(text: string, given: readonly string[] | undefined, values: unknown[]): Promise<Named[]> {
  const ids = (given ?? []).filter(isId);
  if (ids.length === 0) return [];
  return (await postgres().query<Named>(text, [ids, ...values])).rows;
}
