type Asked = { origin: string | null; host: string | null; publicUrl: string; isPublicUrlChosen: boolean };

/**
 * Whether a changing request shows that it comes from our own pages. Without a chosen `PUBLIC_URL` an instance may be open
 * under several names, so there the page's own host counts.
 */
export function isOwnOrigin({ origin, host, publicUrl, isPublicUrlChosen }: Asked): boolean {
  if (!origin || !URL.canParse(origin)) return false;
  if (origin === new URL(publicUrl).origin) return true;
  return !isPublicUrlChosen && host !== null && new URL(origin).host === host;
}
