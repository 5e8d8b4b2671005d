export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const THEME_COOKIE = "podpass-theme";
const YEAR_SECONDS = 31_536_000;

/** The theme a cookie or a form names; anything else means the system's. */
export function asTheme(value: string | null | undefined): Theme {
  return THEMES.find((theme) => theme === value) ?? "system";
}

/** Applies a theme at once and remembers it for the next first paint. Browser only. */
export function applyTheme(theme: Theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain http
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}

/** The theme of whoever looks: what a member chose last on any browser, else what this one remembers. */
export function themeOf(member: { theme: string | null } | null, cookie: string | undefined): Theme {
  return asTheme(member?.theme ?? cookie);
}

/** What the page shows, also where it was switched since the server wrote it; null on the server. */
export function shownTheme(): Theme | null {
  return typeof document === "undefined" ? null : asTheme(document.documentElement.dataset.theme);
}
