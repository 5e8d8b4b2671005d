const RECENT = "podpass-recent";
const MOST = 5;

/** The commands used last, by id: names stay out of the browser's keeping, which the next person at this machine shares. */
export function recentIds(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function rememberUse(id: string) {
  try {
    localStorage.setItem(RECENT, JSON.stringify([id, ...recentIds().filter((other) => other !== id)].slice(0, MOST)));
  } catch {
    // A browser that keeps nothing has no recent commands.
  }
}
