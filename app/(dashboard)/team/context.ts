import type { Role } from "@/lib/auth/member";
import type { MemberRow } from "@/lib/auth/queries";
import type { Limits } from "@/lib/keys/limits";

/** What the page tells its rows and dialogs once. */
export type TeamContext = {
  viewer: { id: string; role: Role };
  roleLimits: Record<Role, Limits>;
  /** Empty: every domain may be invited. */
  emailDomains: readonly string[];
  sendsMail: boolean;
};

export type OpenDialog =
  | { kind: "invite" }
  | { kind: "remake"; invite: { id: string; email: string | null } }
  | { kind: "role" | "disable" | "reset" | "limits"; member: MemberRow };
