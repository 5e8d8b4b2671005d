import { createHash, timingSafeEqual } from "node:crypto";
import { canonicalAddress, isLoopbackAddress } from "@/lib/client-address";
import type { HeaderLines } from "@/lib/http/plain-request";

/** What a scrape gets. */
export type Exposition = { text: string; contentType: string };

/** Set by whoever passes a request on: then the peer is a proxy, and its being on this machine says nothing. */
const FORWARDING = new Set(["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"]);

type Asking = { headers: HeaderLines; peerIp: string | null };

/** Whether somebody may read the figures: with the token, or from this machine with nobody in between. */
export function mayReadMetrics({ headers, peerIp }: Asking, token: string | undefined): boolean {
  const given = headers.authorization ?? [];
  if (given.length > 0) return given.length === 1 && token !== undefined && isToken(given[0] ?? "", token);
  const peer = peerIp === null ? null : canonicalAddress(peerIp);
  return peer !== null && isLoopbackAddress(peer) && !Object.keys(headers).some(isForwarding);
}

function isForwarding(name: string) {
  return name.startsWith("x-forwarded-") || FORWARDING.has(name);
}

function isToken(authorization: string, token: string) {
  const given = /^bearer +([!-~]+)$/i.exec(authorization)?.[1];
  if (given === undefined) return false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
