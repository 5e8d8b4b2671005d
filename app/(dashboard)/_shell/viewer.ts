import { cookies } from "next/headers";
import { cache } from "react";
import { knownZone, ZONE_COOKIE } from "@/app/_ui/zone-cookie";
import { requireMember } from "@/lib/auth/session";

/** Who looks, in which zone, in which others they may want to, and when this request began: what every page reads first. */
export const viewer = cache(async () => {
  const member = await requireMember();
  const browserZone = (await cookies()).get(ZONE_COOKIE)?.value;
  const known = [knownZone(member.timeZone), knownZone(browserZone), "UTC"].filter((zone) => zone !== null);
  const zones = [...new Set(known)];
  return { member, zone: zones[0] ?? "UTC", zones, now: new Date() };
});
