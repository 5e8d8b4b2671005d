import { type Actor, isAdmin, type Role } from "./member";

const RANK: Record<Role, number> = { MEMBER: 0, ADMIN: 1, OWNER: 2 };

/** Roles an actor may give away: never one above their own. Members give none. */
export function mayGrant(actor: Pick<Actor, "role">, role: Role): boolean {
  return isAdmin(actor) && RANK[role] <= RANK[actor.role];
}

/** Whether an actor may change somebody else: admins change admins and members, only owners change owners. */
export function mayManage(actor: Pick<Actor, "role">, target: { role: Role }): boolean {
  return isAdmin(actor) && RANK[target.role] <= RANK[actor.role];
}

type Change = { actor: Actor; target: { id: string; role: Role }; to: Role };

/** Why a role may not be changed in this way, in a sentence; null: it may. Whether an owner remains is for the database to say. */
export function roleRefusal({ actor, target, to }: Change): string | null {
  const isSelf = actor.memberId === target.id;
  if (isSelf && RANK[to] > RANK[target.role]) return "Nobody can raise their own role.";
  if (!isAdmin(actor)) return "Only owners and admins can change roles.";
  if (!mayManage(actor, target)) return "Only an owner can change an owner.";
  if (!mayGrant(actor, to)) return "Only an owner can make somebody an owner.";
  return null;
}
