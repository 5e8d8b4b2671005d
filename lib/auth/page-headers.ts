type Site = { nonce: string; isHttps: boolean; isDevelopment: boolean };

/**
 * What a page may do. Only scripts that carry this response's nonce run, and what those load; nothing frames us, no form
 * leaves for another site. Styles may be inline, because charts and measured menus write them.
 */
export function contentSecurityPolicy({ nonce, isDevelopment }: Site): string {
  // React explains errors with eval, and hot reload speaks over a socket: both while developing only.
  const [evaluating, sockets] = isDevelopment ? [" 'unsafe-eval'", " ws:"] : ["", ""];
  return [
    "default-src 'self'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'${evaluating}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self'${sockets}`,
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
  ].join("; ");
}

/** What every answer of ours says, whatever it is. */
export function commonHeaders(isHttps: boolean): Record<string, string> {
  return {
    "x-content-type-options": "nosniff",
    // Addresses of invites and resets contain their token: no other site sees where somebody came from.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    ...(isHttps ? { "strict-transport-security": "max-age=63072000" } : {}),
  };
}

/** The headers of every page and of every answer to an action. */
export function pageHeaders(site: Site): Record<string, string> {
  return {
    ...commonHeaders(site.isHttps),
    "content-security-policy": contentSecurityPolicy(site),
    "cache-control": "private, no-store",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  };
}

/** Pages for people who are not signed in. */
export function isPublicPage(path: string): boolean {
  return /^\/(sign-in|setup|invite|reset|report)(\/|$)/.test(path);
}
