import { cache } from "react";
import { leakNotices } from "@/lib/abuse/leaks/queries";
import { isAdmin } from "@/lib/auth/member";
import { readLimitsTroubles } from "@/lib/limits/queries";
import { viewer } from "./viewer";

/** What somebody should hear whatever page they came for: their own keys that leaked, and for admins limits that do not hold. */
export const readAlarms = cache(async () => {
  const { member, now } = await viewer();
  const [leaks, troubles] = await Promise.all([
    leakNotices(member, now),
    isAdmin(member) ? readLimitsTroubles() : Promise.resolve([]),
  ]);
  return { leaks, troubles };
});
