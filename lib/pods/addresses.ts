import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { BlockList, isIP } from "node:net";
import { canonicalAddress } from "../client-address";

/**
 * Where a pod never is: link-local networks (every cloud's metadata service answers there), the metadata addresses outside
 * them, and what is not one host. Private and loopback addresses are fine: that is where many pods live.
 */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet("169.254.0.0", 16, "ipv4");
FORBIDDEN.addAddress("100.100.100.200", "ipv4");
FORBIDDEN.addAddress("168.63.129.16", "ipv4");
FORBIDDEN.addAddress("192.0.0.192", "ipv4");
FORBIDDEN.addSubnet("0.0.0.0", 8, "ipv4");
FORBIDDEN.addSubnet("224.0.0.0", 3, "ipv4");
FORBIDDEN.addAddress("::", "ipv6");
FORBIDDEN.addSubnet("fe80::", 10, "ipv6");
FORBIDDEN.addSubnet("ff00::", 8, "ipv6");
FORBIDDEN.addAddress("fd00:ec2::254", "ipv6");
FORBIDDEN.addAddress("fd20:ce::254", "ipv6");
// IPv6 forms that carry an IPv4 address somewhere else than `::ffff:` does.
FORBIDDEN.addSubnet("64:ff9b::", 96, "ipv6");
FORBIDDEN.addSubnet("2002::", 16, "ipv6");
FORBIDDEN.addSubnet("::", 96, "ipv6");

/** True for addresses that no request is ever sent to, in whatever spelling. */
export function isForbiddenAddress(address: string): boolean {
  const canonical = canonicalAddress(address);
  if (canonical === null) return true;
  if (canonical === "::1") return false;
  return FORBIDDEN.check(canonical, isIP(canonical) === 4 ? "ipv4" : "ipv6");
}

/** A name led to an address that no request is sent to. */
export class ForbiddenAddressError extends Error {
  override readonly name = "ForbiddenAddressError";
  readonly code = "EFORBIDDENADDRESS";
}

type Found = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/**
 * `dns.lookup` for connections to pods, as their `lookup` option. The very addresses that are dialled are judged, so a name
 * that answers differently the second time gains nothing. Addresses written as numbers don't come through here.
 */
export function guardedLookup(hostname: string, options: LookupOptions, found: Found): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return found(error, []);
    const [first] = addresses;
    if (!first || addresses.some(({ address }) => isForbiddenAddress(address))) {
      return found(new ForbiddenAddressError(`${hostname} leads to a forbidden address`), []);
    }
    return options.all ? found(null, addresses) : found(null, first.address, first.family);
  });
}

/** True where a base URL names its host by a number that is forbidden; names are judged when they are looked up. */
export function namesForbiddenHost(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(host) !== 0 && isForbiddenAddress(host);
}
