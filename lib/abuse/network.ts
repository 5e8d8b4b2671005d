import { canonicalAddress } from "@/lib/client-address";

/**
 * Whose tries are counted together: an IPv4 address, or the /64 of an IPv6 one, because a single customer has all of it.
 * Null for anything that is no address.
 */
export function sourceOf(address: string): string | null {
  const canonical = canonicalAddress(address);
  return canonical?.includes(":") ? firstGroups(canonical, 4) : canonical;
}

/** The neighbourhood an address belongs to: where a key's use counts as usual. An IPv4 address' /24, an IPv6 address' /48. */
export function networkOf(address: string): string | null {
  const canonical = canonicalAddress(address);
  if (canonical === null) return null;
  if (canonical.includes(":")) return firstGroups(canonical, 3);
  return `${canonical.slice(0, canonical.lastIndexOf("."))}.0/24`;
}

/** The network of an IPv6 address's first groups of 16 bits, in the one short form. */
function firstGroups(address: string, count: number) {
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const between = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const kept = [...before, ...between, ...after].slice(0, count);
  return `${canonicalAddress(`${kept.join(":")}::`)}/${count * 16}`;
}
