import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalAddress, clientAddress, isInNetworks, isLoopbackAddress, parseNetwork } from "./client-address";

test.each([
  ["10.0.0.7", "10.0.0.7"],
  ["::ffff:10.0.0.7", "10.0.0.7"],
  ["::FFFF:0a00:0007", "10.0.0.7"],
  ["[2001:DB8:0:0::1]", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
])("%s is written %s", (text, canonical) => {
  expect(canonicalAddress(text)).toBe(canonical);
});

test.each(["", "unknown", "10.0.0", "10.0.0.07", "2130706433", "0x7f.1", "localhost", "10.0.0.7:80", "::g", "a.b"])(
  "%j is no address",
  (text) => {
    expect(canonicalAddress(text)).toBeNull();
  },
);

test.each([
  ["10.1.2.3", "10.0.0.0/8", true],
  ["11.1.2.3", "10.0.0.0/8", false],
  ["10.0.0.7", "10.0.0.7", true],
  ["10.0.0.7", "::ffff:10.0.0.0/104", true],
  ["2001:db8::5", "2001:db8::/32", true],
  ["2001:db9::5", "2001:db8::/32", false],
  ["203.0.113.9", "0.0.0.0/0", true],
  ["2001:db8::5", "0.0.0.0/0", false],
  ["10.0.0.7", "10.0.0.0/33", false],
  ["10.0.0.7", "everybody", false],
])("%s in %s: %s", (address, network, inside) => {
  expect(isInNetworks(address, [network])).toBe(inside);
});

test.each(["10.0.0.0/8/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/1e1", "/8", "::/129", "::ffff:10.0.0.0/95"])(
  "%s is no network",
  (text) => {
    expect(parseNetwork(text)).toBeNull();
  },
);

const behind = (trusted: string[], peer: string | null, forwardedFor: string | null) =>
  clientAddress({ peer, forwardedFor, trusted });

test("nobody is trusted: the header changes nothing", () => {
  fc.assert(fc.property(fc.string(), (header) => behind([], "198.51.100.1", header) === "198.51.100.1"));
});

test("a peer that is not trusted is the client, whatever it sends", () => {
  fc.assert(fc.property(fc.string(), (header) => behind(["10.0.0.0/8"], "198.51.100.1", header) === "198.51.100.1"));
});

test.each([
  ["one proxy", ["10.0.0.1"], "10.0.0.1", "203.0.113.9", "203.0.113.9"],
  [
    "what the client invented lies left of what the proxy added",
    ["10.0.0.1"],
    "10.0.0.1",
    "1.1.1.1, 203.0.113.9",
    "203.0.113.9",
  ],
  ["two trusted hops", ["10.0.0.0/8"], "10.0.0.1", "203.0.113.9, 10.9.9.9", "203.0.113.9"],
  ["a port is cut off", ["loopback"], "::1", "203.0.113.9:4711", "203.0.113.9"],
  ["IPv6 with a port", ["loopback"], "127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"],
  ["junk stops at the proxy that wrote it", ["loopback"], "127.0.0.1", "203.0.113.9, nonsense", "127.0.0.1"],
  ["no header", ["loopback"], "127.0.0.1", null, "127.0.0.1"],
  ["all hops trusted: the farthest", ["private"], "10.0.0.1", "192.168.1.4, 10.9.9.9", "192.168.1.4"],
  ["an unknown peer stays unknown", ["loopback"], null, "203.0.113.9", null],
])("%s", (_name, trusted, peer, header, client) => {
  expect(behind(trusted, peer, header)).toBe(client);
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["10.0.0.1", false],
  ["0.0.0.0", false],
])("%s is loopback: %s", (address, isLoopback) => {
  expect(isLoopbackAddress(address)).toBe(isLoopback);
});
