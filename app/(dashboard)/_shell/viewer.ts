import { cookies } from "next/headers";
import { cache } from "react";
import { knownZone, ZONE_COOKIE } from "@/app/_ui/zone-cookie";
import { requireMember } from "@/lib/auth/session";

/** Who looks, in which zone, and when this request began: what every page reads first. */
export const viewer = cache(async () => {
  const member = await requireMember();
  const browserZone = (await cookies()).get(ZONE_COOKIE)?.value;
  return { member, zone: knownZone(member.timeZone) ?? knownZone(browserZone) ?? "UTC", now: new Date() };
});
