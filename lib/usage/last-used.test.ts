import { expect, test } from "vitest";
import { createLastUsed } from "./last-used";

const use = (atMs: number, secretId = "s") => ({ secretId, atMs, ip: "10.0.0.1" });

test("a secret's newest use is written at once, then at most once a minute", () => {
  const lastUsed = createLastUsed();
  lastUsed.saw(use(1));
  lastUsed.saw(use(3));
  lastUsed.saw(use(2));
  expect(lastUsed.take(0)).toEqual([use(3)]);
  lastUsed.saw(use(40_000));
  expect(lastUsed.take(59_999)).toEqual([]);
  expect(lastUsed.take(60_000)).toEqual([use(40_000)]);
  expect(lastUsed.take(120_000)).toEqual([]);
});

test("what could not be written is tried again, unless a newer use came meanwhile", () => {
  const lastUsed = createLastUsed();
  lastUsed.saw(use(1));
  lastUsed.saw(use(1, "t"));
  const taken = lastUsed.take(0);
  lastUsed.saw(use(5));
  lastUsed.putBack(taken);
  expect(lastUsed.take(1)).toEqual([use(5), use(1, "t")]);
});

test("at the end everything that waits is handed out", () => {
  const lastUsed = createLastUsed();
  lastUsed.saw(use(1));
  lastUsed.take(0);
  lastUsed.saw(use(2));
  expect(lastUsed.takeAll()).toEqual([use(2)]);
});
