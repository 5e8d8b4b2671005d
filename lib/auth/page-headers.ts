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

/** The headers of every page and of every answer to an action. */
export function pageHeaders(site: Site): Record<string, string> {
  return {
    "content-security-policy": contentSecurityPolicy(site),
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    // Addresses of invites and resets contain their token: no other site sees where somebody came from.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ...(site.isHttps ? { "strict-transport-security": "max-age=63072000" } : {}),
  };
}

/** Pages for people who are not signed in. */
export function isPublicPage(path: string): boolean {
  return /^\/(sign-in|setup|invite|reset)(\/|$)/.test(path);
}
