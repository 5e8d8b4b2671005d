/** Where people land who did not want to go anywhere in particular. */
export const HOME = "/keys";

/**
 * Where to go after signing in: the path, query and fragment of a page here, or `HOME` for anything else. Only one slash, then
 * no second slash or backslash in any spelling: browsers read `//host` and `/\host` as another site.
 */
export function callbackPath(wanted: unknown, publicUrl: string): string {
  if (typeof wanted !== "string" || wanted.length > 2_000) return HOME;
  const here = new URL(publicUrl).origin;
  const text = wanted.startsWith(`${here}/`) ? wanted.slice(here.length) : wanted;
  if (text === "/") return HOME;
  if (!/^\/(?![/\\]|%2f|%5c)[\x21-\x7e]*$/i.test(text) || text.includes("\\")) return HOME;
  const url = URL.canParse(text, here) ? new URL(text, here) : null;
  if (url?.origin !== here || url.pathname.startsWith("//")) return HOME;
  // Back to sign-in after signing in would be a circle, and next-auth's routes are no pages.
  if (/^\/(sign-in|api)(\/|$)/.test(url.pathname)) return HOME;
  return url.pathname + url.search + url.hash;
}
