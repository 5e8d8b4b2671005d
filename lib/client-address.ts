import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";

/**
 * One spelling for each address: no zone, no brackets, and an IPv4 address inside IPv6 (`::ffff:10.0.0.7`) as IPv4.
 * Null for anything that is not an address.
 */
export function canonicalAddress(text: string): string | null {
  const bare = text.trim().replace(/^\[(.*)\]$/, "$1");
  if (isIPv4(bare)) return bare;
  const address = bare.replace(/%.*$/, "");
  if (!isIPv6(address)) return null;
  // The platform's own URL parser knows the one short form of an IPv6 address (RFC 5952).
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (!mapped?.[1] || !mapped[2]) return short;
  const [high, low] = [Number.parseInt(mapped[1], 16), Number.parseInt(mapped[2], 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The networks that people mean by a word in `TRUSTED_PROXIES`. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

type Network = { address: string; prefix: number; family: "ipv4" | "ipv6" };

/** `10.0.0.0/8`, `2001:db8::/32` or a single address; null for anything else. */
export function parseNetwork(text: string): Network | null {
  const [head = "", tail, ...rest] = text.trim().split("/");
  const address = canonicalAddress(head);
  if (address === null || rest.length > 0) return null;
  const family = isIP(address) === 4 ? "ipv4" : "ipv6";
  const longest = family === "ipv4" ? 32 : 128;
  if (tail === undefined) return { address, prefix: longest, family };
  if (!/^\d{1,3}$/.test(tail)) return null;
  // `::ffff:10.0.0.0/104` is `10.0.0.0/8` in the other family's clothes.
  const prefix = Number(tail) - (family === "ipv4" && head.includes(":") ? 96 : 0);
  return prefix >= 0 && prefix <= longest ? { address, prefix, family } : null;
}

/** Whether an entry of `TRUSTED_PROXIES` means anything. */
export function isNetworkName(entry: string): boolean {
  return Object.hasOwn(NAMED, entry) || parseNetwork(entry) !== null;
}

const compiled = new WeakMap<readonly string[], BlockList>();

function compile(networks: readonly string[]) {
  const known = compiled.get(networks);
  if (known) return known;
  const list = new BlockList();
  for (const entry of networks.flatMap((text) => NAMED[text] ?? [text])) {
    const network = parseNetwork(entry);
    if (network) list.addSubnet(network.address, network.prefix, network.family);
  }
  compiled.set(networks, list);
  return list;
}

/**
 * Whether a canonical address lies in one of the networks; an entry that is no network matches nothing.
 * The compiled form is kept for as long as the array lives, so hand in the same array, and never change it.
 */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  if (networks.length === 0) return false;
  const family = isIP(address);
  return family !== 0 && compile(networks).check(address, family === 4 ? "ipv4" : "ipv6");
}

const LOOPBACK = ["loopback"] as const;

export function isLoopbackAddress(address: string): boolean {
  return isInNetworks(address, LOOPBACK);
}

/** `203.0.113.9`, `203.0.113.9:4711`, `[2001:db8::1]:4711` as proxies write them; null when it is none of these. */
function forwardedAddress(entry: string) {
  const text = entry.trim();
  const bracketed = /^(\[[^\]]*\])(?::\d{1,5})?$/.exec(text);
  if (bracketed?.[1]) return canonicalAddress(bracketed[1]);
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text);
  return canonicalAddress(withPort?.[1] ?? text);
}

type Route = {
  /** The other end of the socket; null when unknown. */
  peer: string | null;
  /** `X-Forwarded-For`, several lines joined by commas. */
  forwardedFor: string | null | undefined;
  /** Proxies whose word is taken: addresses, CIDR networks, `loopback`, `private`. */
  trusted: readonly string[];
};

/**
 * Whose request this is. Read from the right, each hop is believed only if the one after it is trusted, so a client can't
 * choose its address by sending the header itself. An entry that is no address ends the walk at the proxy that wrote it.
 */
export function clientAddress({ peer, forwardedFor, trusted }: Route): string | null {
  let address = peer === null ? null : canonicalAddress(peer);
  if (!forwardedFor || trusted.length === 0) return address;
  const hops = forwardedFor.split(",");
  while (address !== null && hops.length > 0 && isInNetworks(address, trusted)) {
    const before = forwardedAddress(hops.pop() ?? "");
    if (before === null) break;
    address = before;
  }
  return address;
}
