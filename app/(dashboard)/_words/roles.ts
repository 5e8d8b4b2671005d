import type { Role } from "@/lib/auth/member";

/** Every role with what it may do, the smallest first. */
export const ROLES: readonly { role: Role; name: string; may: string }[] = [
  { role: "MEMBER", name: "Member", may: "Makes keys of their own and sees their own usage." },
  {
    role: "ADMIN",
    name: "Admin",
    may: "Also sees everybody's usage, and manages members, keys, pods and the policy. Never sees a secret.",
  },
  { role: "OWNER", name: "Owner", may: "Also manages owners. There is always at least one." },
];

export const roleName = (role: Role) => ROLES.find((each) => each.role === role)?.name ?? role;
