import { expect, test } from "vitest";
import { createDatabaseClock } from "./database-clock";

/** Three clocks that pass time together until one is moved by hand. */
function harness({ wall = 0 } = {}) {
  const clocks = { database: 1_800_000_000_000, wall: 1_800_000_000_000 + wall, monotonic: 50 };
  const clock = createDatabaseClock({ monotonic: () => clocks.monotonic, wall: () => clocks.wall });
  return {
    clock,
    clocks,
    pass(ms: number) {
      clocks.database += ms;
      clocks.wall += ms;
      clocks.monotonic += ms;
    },
    read: () => clock.read(clocks.database, clocks.monotonic),
  };
}

test.each([-600_000, 0, 600_000])("follows the database whatever the machine says: wall clock off by %i ms", (wall) => {
  const { clock, clocks, pass, read } = harness({ wall });
  expect(read()).toBe(true);
  pass(900);
  expect(clock.now()).toBe(clocks.database);
  expect(clock.offsetMs()).toBe(0 - wall);
});

test("before the first reading there is no time, and nobody is served by a guess", () => {
  expect(() => harness().clock.now()).toThrow(expect.objectContaining({ code: "database_unavailable" }));
});

test("a reading lies in the middle of its round trip", () => {
  const { clock, clocks, pass } = harness();
  const asked = clocks.monotonic;
  pass(20);
  const answer = clocks.database;
  pass(20);
  clock.read(answer, asked);
  expect(clock.now()).toBe(clocks.database);
});

test("an answer that took over a second moves no clock", () => {
  const { clock, clocks, pass, read } = harness();
  read();
  const asked = clocks.monotonic;
  pass(5_000);
  expect(clock.read(clocks.database - 5_000, asked)).toBe(true);
  expect(clock.now()).toBe(clocks.database);
});

test.each([-3_000, 3_000])(
  "a database clock that jumps by %i ms is refused until a second reading confirms it",
  (jump) => {
    const { clock, clocks, pass, read } = harness();
    read();
    clocks.database += jump;
    pass(1_000);
    expect(read()).toBe(false);
    expect(() => clock.now()).toThrow(expect.objectContaining({ code: "database_unavailable" }));
    pass(10);
    expect(read()).toBe(true);
    expect(clock.now()).toBe(clocks.database);
  },
);

test("a clock that keeps jumping is never trusted", () => {
  const { clock, clocks, pass, read } = harness();
  read();
  for (let jumps = 0; jumps < 5; jumps += 1) {
    clocks.database += 60_000;
    pass(1_000);
    expect(read()).toBe(false);
  }
  expect(clock.isTrusted()).toBe(false);
});

test("a machine that slept knows nothing until it has asked again", () => {
  const { clock, clocks, pass, read } = harness();
  read();
  clocks.wall += 3_600_000; // the monotonic clock stands still while a machine sleeps
  clocks.database += 3_600_000;
  expect(() => clock.now()).toThrow(expect.objectContaining({ code: "database_unavailable" }));
  expect(read()).toBe(false);
  pass(10);
  expect(read()).toBe(true);
  expect(clock.now()).toBe(clocks.database);
});

test("corrections below two seconds are taken as they come", () => {
  const { clock, clocks, pass, read } = harness();
  read();
  clocks.database += 1_500;
  pass(1_000);
  expect(read()).toBe(true);
  expect(clock.now()).toBe(clocks.database);
});
