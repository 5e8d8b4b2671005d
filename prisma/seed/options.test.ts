import { expect, test } from "vitest";
import { isLocal, readOptions } from "./options";
import { createRandom, dealt } from "./random";

test("only this machine is local, whatever an address looks like", () => {
  for (const url of [
    "postgres://a:b@localhost/x",
    "postgres://127.0.0.1:5433/x",
    "postgres:///x?host=/run/postgresql",
  ]) {
    expect(isLocal(url), url).toBe(true);
  }
  for (const url of [
    "postgres://a:b@db.example.com/x",
    "postgres://localhost.example.com/x",
    "postgres://localhost/x?host=db.example.com",
    "postgres://127.0.0.1@10.0.0.7/x",
  ]) {
    expect(isLocal(url), url).toBe(false);
  }
});

test("options have defaults, and nonsense is refused", () => {
  expect(readOptions([])).toEqual({ events: 60_000, force: false, again: false, settle: false });
  expect(readOptions(["--events", "10000000", "--force"])).toMatchObject({ events: 10_000_000, force: true });
  for (const args of [
    ["--events", "many"],
    ["--events", "-1"],
    ["--evnts", "5"],
  ]) {
    expect(() => readOptions(args)).toThrow();
  }
});

test("places are dealt by weight, and chance is the same at every run", () => {
  expect(dealt([1, 0, 3], 8)).toEqual([0, 0, 2, 2, 2, 2, 2, 2]);
  expect(dealt([0, 0], 8)).toEqual([]);
  const [one, two] = [createRandom(7), createRandom(7)];
  expect(Array.from({ length: 5 }, one)).toEqual(Array.from({ length: 5 }, two));
});
