import { expect, test } from "vitest";
import { isAtThisMachine, isSetupCode } from "./setup-guard";

const local = {
  peer: "127.0.0.1",
  headers: { host: "localhost:3000" },
  publicUrl: "http://localhost:3000",
  isPublicUrlChosen: false,
};
const asks = ({
  headers,
  ...rest
}: Omit<typeof local, "headers" | "peer"> & { peer: string | null; headers: Record<string, string> }) =>
  isAtThisMachine({ ...rest, headers: new Headers(headers) });

test.each(["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "localhost"])(
  "a browser on this machine at %s",
  (host) => {
    expect(asks({ ...local, headers: { host } })).toBe(true);
    expect(asks({ ...local, peer: "::1", headers: { host, "x-forwarded-for": "::ffff:127.0.0.1" } })).toBe(true);
  },
);

test.each([
  ["an unknown peer", { ...local, peer: null }],
  ["another machine", { ...local, peer: "192.168.1.4" }],
  [
    "a reverse proxy here that names its client",
    { ...local, headers: { host: "localhost:3000", "x-forwarded-for": "203.0.113.9" } },
  ],
  [
    "a client that hides behind an invented hop",
    { ...local, headers: { host: "localhost:3000", "x-forwarded-for": "127.0.0.1, 203.0.113.9" } },
  ],
  ["a proxy that speaks RFC 7239", { ...local, headers: { host: "localhost:3000", forwarded: "for=203.0.113.9" } }],
  ["a proxy that only says it is one", { ...local, headers: { host: "localhost:3000", via: "1.1 varnish" } }],
  ["a reverse proxy here that keeps the public name", { ...local, headers: { host: "pass.example.org" } }],
  ["a name that rebinds to loopback", { ...local, headers: { host: "localhost.evil.example:3000" } }],
  ["no Host", { ...local, headers: {} }],
  ["an instance meant for the public", { ...local, publicUrl: "https://pass.example.org", isPublicUrlChosen: true }],
])("%s needs the code", (_name, asked) => {
  expect(asks(asked)).toBe(false);
});

test("a code is right when it is the printed one, and never when none was printed", () => {
  expect(isSetupCode("k7f2-9xqp", "k7f2-9xqp")).toBe(true);
  for (const wrong of ["k7f2-9xqq", "", null, undefined]) expect(isSetupCode(wrong, "k7f2-9xqp")).toBe(false);
  for (const given of ["", "undefined", null]) expect(isSetupCode(given, undefined)).toBe(false);
});
