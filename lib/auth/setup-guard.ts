import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopbackAddress } from "../client-address";

type Asked = {
  /** The true other end of the connection, as our own server saw it; null when unknown. */
  peer: string | null;
  headers: Pick<Headers, "get">;
  publicUrl: string;
  isPublicUrlChosen: boolean;
};

/** Set by proxies of all kinds, and by no browser. */
const PROXY_HEADERS = ["forwarded", "via", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"];

const isLoopbackName = (host: string) => /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(host);

/**
 * Whether somebody sits at this very machine. Behind a proxy every client looks local, so a loopback peer is not enough: no proxy
 * may have spoken, the address in the browser's bar must be a loopback one, and so must `PUBLIC_URL` if one was chosen.
 */
export function isAtThisMachine({ peer, headers, publicUrl, isPublicUrlChosen }: Asked): boolean {
  if (peer === null || !isLoopbackAddress(peer)) return false;
  if (PROXY_HEADERS.some((name) => headers.get(name) !== null)) return false;
  // Next itself adds this header where there was none, and then it names the connection from our own server.
  const hops = (headers.get("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
  if (hops.some((hop) => hop !== "" && !isLoopbackAddress(hop.replace(/^::ffff:/i, "")))) return false;
  if (!isLoopbackName(headers.get("host") ?? "")) return false;
  return !isPublicUrlChosen || isLoopbackName(new URL(publicUrl).host);
}

/** Whether a setup code is the one the log printed. Without one there, none is right. */
export function isSetupCode(given: string | null | undefined, expected: string | undefined): boolean {
  if (!given || !expected) return false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
