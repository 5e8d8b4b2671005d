import { expect, test } from "vitest";
import { withoutHops } from "./hop-headers";

test("what speaks of one connection stays on it, also what Connection names; doubled headers stay doubled", () => {
  const raw = ["Connection", "keep-alive, X-Hop", "x-hop", "1", "Keep-Alive", "timeout=5", "TE", "trailers"];
  const kept = ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "Host", "example.com"];
  expect(withoutHops([...raw, ...kept])).toEqual(kept);
});

test("further names can be taken away", () => {
  expect(withoutHops(["X-Podpass-Peer", "me", "accept", "*/*"], (name) => name === "x-podpass-peer")).toEqual([
    "accept",
    "*/*",
  ]);
});
