export const ZONE_COOKIE = "podpass-zone";

/** Browsers still report some zones under names that their places gave up long ago. */
const TODAYS_NAMES: Record<string, string> = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Europe/Kiev": "Europe/Kyiv",
};

/** A zone this runtime knows, by the name it has today; or null. */
export function knownZone(zone: string | null | undefined): string | null {
  if (!zone) return null;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return TODAYS_NAMES[zone] ?? zone;
  } catch {
    return null;
  }
}
