import { cookies } from "next/headers";
import { dayAndTime } from "@/app/_ui/moments";
import { knownZone, ZONE_COOKIE } from "@/app/_ui/zone-cookie";

/** A moment in the browser's zone, which is named; UTC until the browser has said which. */
export async function Moment({ at }: { at: Date }) {
  const zone = knownZone((await cookies()).get(ZONE_COOKIE)?.value) ?? "UTC";
  return (
    <time dateTime={at.toISOString()}>
      {dayAndTime(at, zone)} ({zone})
    </time>
  );
}
