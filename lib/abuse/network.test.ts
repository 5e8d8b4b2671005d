import fc from "fast-check";
import { expect, test } from "vitest";
import { isInNetworks } from "@/lib/client-address";
import { networkOf, sourceOf } from "./network";

test.each([
  ["203.0.113.9", "203.0.113.9", "203.0.113.0/24"],
  ["::ffff:203.0.113.9", "203.0.113.9", "203.0.113.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"],
  ["2001:db8::1", "2001:db8::/64", "2001:db8::/48"],
  ["::1", "::/64", "::/48"],
  ["fe80::1%eth0", "fe80::/64", "fe80::/48"],
  ["not an address", null, null],
])("%s is counted as %s and lives in %s", (address, source, network) => {
  expect([sourceOf(address), networkOf(address)]).toEqual([source, network]);
});

test("every address lies in its own network and source", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      expect(isInNetworks(sourceOf(address)?.split("/")[0] ?? "", [networkOf(address) ?? ""])).toBe(true);
    }),
  );
});
