import { timingSafeEqual } from "node:crypto";

/** The header in which the server in front names the true peer. A client's own is removed there, and worthless here. */
export const PEER_HEADER = "x-podpass-peer";

function isSame(given: string, expected: string) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The other end of the client's connection, if the header carries our own server's token; otherwise null: unknown. */
export function peerOf(header: string | null | undefined, token: string | undefined): string | null {
  if (!header || !token) return null;
  const [given = "", peer = ""] = header.split(" ");
  return isSame(given, token) && peer !== "" ? peer : null;
}
