import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { isPublicPage, pageHeaders } from "@/lib/auth/page-headers";
import { sessionCookieName } from "@/lib/auth/session-cookie";
import { env } from "@/lib/env";

/**
 * Gives every page its headers and sends people without a cookie to sign-in, for comfort only: it authorises nothing, each page
 * and action proves the session itself.
 */
export function proxy(request: NextRequest) {
  const { pathname, search } = request.nextUrl;
  const isPageLoad = request.method === "GET" || request.method === "HEAD";
  const headers = pageHeaders({
    nonce: randomBytes(16).toString("base64"),
    isHttps: env.PUBLIC_URL.startsWith("https://"),
    isDevelopment: env.NODE_ENV === "development",
  });

  const isStranger = !request.cookies.has(sessionCookieName());
  if (isStranger && isPageLoad && !isPublicPage(pathname)) {
    const signIn = new URL("/sign-in", request.nextUrl);
    if (pathname !== "/") signIn.searchParams.set("callbackUrl", pathname + search);
    return withHeaders(NextResponse.redirect(signIn), headers);
  }

  const onward = new Headers(request.headers);
  onward.set("x-podpass-path", pathname + search);
  // Next takes the nonce for its own scripts from here.
  onward.set("content-security-policy", headers["content-security-policy"] ?? "");
  return withHeaders(NextResponse.next({ request: { headers: onward } }), headers);
}

function withHeaders(response: NextResponse, headers: Record<string, string>) {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

export const config = {
  // Programs' paths and next-auth's stay out: a path in here has its body cut off at 10 MB without an error.
  matcher: [
    "/((?!v1(?:/|$)|api(?:/|$)|(?:tokenize|detokenize|health|healthz|readyz|metrics|openapi\\.json)$|_next/static/|[^/]+\\.(?:svg|png|ico|txt|webmanifest)$).*)",
  ],
};
