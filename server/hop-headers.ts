/** Headers that speak of one connection and not of the message (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/** Names and values in pairs, as Node keeps them: what may travel on. `isDropped` takes further names away. */
export function withoutHops(rawHeaders: readonly string[], isDropped: (name: string) => boolean = () => false) {
  const named = new Set(HOP_BY_HOP);
  for (const [name, value] of pairsOf(rawHeaders)) {
    if (name.toLowerCase() === "connection") for (const hop of value.split(",")) named.add(hop.trim().toLowerCase());
  }
  const kept: string[] = [];
  for (const [name, value] of pairsOf(rawHeaders)) {
    const lower = name.toLowerCase();
    if (!named.has(lower) && !isDropped(lower)) kept.push(name, value);
  }
  return kept;
}

function* pairsOf(rawHeaders: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) yield [rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""];
}
