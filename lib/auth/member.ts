declare const proven: unique symbol;

/** The id of a member who has proven who they are. Only a session, a secret, or the operator's command line make one. */
export type MemberId = string & { readonly [proven]: "member" };

export type Role = "OWNER" | "ADMIN" | "MEMBER";

/** Who acts and from where: all that a decision and its audit row need. */
export type Actor = {
  kind: "member" | "cli" | "system";
  /** Null for the command line and the system, which act with an owner's rights. */
  memberId: MemberId | null;
  role: Role;
  ip: string | null;
  requestId: string;
};

/** True for those who see and change the whole team's things. A role this line does not know sees its own only. */
export function isAdmin({ role }: Pick<Actor, "role">) {
  return role === "OWNER" || role === "ADMIN";
}

/** Vouches for an id whose proof was just checked by the caller. Used where a session or a secret is resolved, nowhere else. */
export function asProven(id: string) {
  return id as MemberId;
}
