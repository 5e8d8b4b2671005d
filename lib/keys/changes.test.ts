import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchKeyChanges } from "./changes";

beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"],
    }),
);
afterEach(() => void vi.useRealTimers());

/** A log of changes held in an array, with a line for notices that the test holds the other end of. */
function harness({ epoch = 0 } = {}) {
  const database = { epoch, changes: [] as { epoch: number; keyIds: string[] | null }[], isAway: false, clockMs: 0 };
  const line = {
    notice: (_: string): void => undefined,
    up: (): void => undefined,
    lost: (_: "broken" | "deaf"): void => undefined,
  };
  const onChange = vi.fn();
  const log = { info: vi.fn(), warn: vi.fn() };
  const answer = async <T>(value: () => T) => {
    await Promise.resolve();
    if (database.isAway) throw new Error("away");
    return value();
  };
  const watch = watchKeyChanges({
    connectionString: "",
    readEpoch: () => answer(() => ({ epoch: database.epoch, dbNowMs: Date.now() + database.clockMs })),
    changesSince: (since) => answer(() => database.changes.filter((change) => change.epoch > since)),
    notify: async () => undefined,
    trim: async () => undefined,
    onChange,
    log,
    listen: ({ onNotice, onListening, onLost }) => {
      Object.assign(line, { notice: onNotice, up: onListening, lost: onLost });
      return { stop: async () => undefined };
    },
  });
  const commit = (keyIds: string[] | null) => {
    database.epoch += 1;
    database.changes.push({ epoch: database.epoch, keyIds });
    return JSON.stringify({ epoch: database.epoch, keyIds });
  };
  return { database, line, onChange, log, watch, commit, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

test("a notice is handed over at once, and the poll does not repeat it", async () => {
  const { line, onChange, commit, pass, watch } = harness();
  await pass(0);
  onChange.mockClear();
  line.notice(commit(["a"]));
  expect(onChange.mock.calls).toEqual([[["a"], 1]]);
  await pass(3_000);
  expect(onChange).toHaveBeenCalledTimes(1);
  await watch.stop();
});

test("a change whose notice was lost is found within a second", async () => {
  const { onChange, commit, pass, watch } = harness();
  await pass(0);
  onChange.mockClear();
  commit(["a"]);
  commit(null);
  await pass(1_000);
  expect(onChange.mock.calls).toEqual([
    [["a"], 1],
    ["all", 2],
  ]);
  expect(watch.state()).toMatchObject({ foundByPoll: 2, epoch: 2 });
  await watch.stop();
});

test("a notice that follows a lost one is handed over at once, the lost one a moment later", async () => {
  const { line, onChange, commit, pass, watch } = harness();
  await pass(500);
  onChange.mockClear();
  commit(["lost"]);
  line.notice(commit(["heard"]));
  expect(onChange.mock.calls).toEqual([[["heard"], 2]]);
  await pass(20);
  expect(onChange.mock.calls).toContainEqual([["lost"], 1]);
  expect(watch.state().epoch).toBe(2);
  await watch.stop();
});

test("a log that was trimmed meanwhile concerns every key", async () => {
  const { database, onChange, commit, pass, watch } = harness();
  await pass(0);
  onChange.mockClear();
  for (const key of ["a", "b", "c"]) commit([key]);
  database.changes.shift();
  await pass(1_000);
  expect(onChange.mock.calls).toEqual([["all", 3]]);
  await watch.stop();
});

test("a database restored from a backup concerns every key", async () => {
  const { database, onChange, pass, watch } = harness({ epoch: 900 });
  await pass(0);
  onChange.mockClear();
  database.epoch = 3;
  await pass(1_000);
  expect(onChange.mock.calls).toEqual([["all", 3]]);
  await watch.stop();
});

test("once notices arrive again, whatever happened in between is handed over first", async () => {
  const { line, onChange, commit, pass, watch } = harness();
  await pass(10);
  onChange.mockClear();
  line.lost("broken");
  commit(["a"]);
  line.up();
  await pass(0);
  expect(onChange.mock.calls).toEqual([
    [["a"], 1],
    ["all", 1],
  ]);
  expect(watch.state().hearing).toBe("listening");
  await watch.stop();
});

test("what is not a key change is not one", async () => {
  const { line, onChange, pass, watch } = harness();
  await pass(0);
  onChange.mockClear();
  for (const payload of ["", "{", "null", "7", '{"probe":"x"}', '{"epoch":"1"}', '{"epoch":1.5}']) line.notice(payload);
  expect(onChange).not.toHaveBeenCalled();
  line.notice('{"epoch":1,"keyIds":[7]}'); // a shape we do not know: better every key than none
  expect(onChange.mock.calls).toEqual([["all", 1]]);
  await watch.stop();
});

test("a database that is away is reported once, and the time goes on without it", async () => {
  const { database, log, pass, watch } = harness();
  await pass(0);
  await watch.ready;
  database.isAway = true;
  await pass(10_000);
  expect(log.warn).toHaveBeenCalledTimes(1);
  expect(watch.state().sinceAnswerMs).toBe(10_000);
  expect(watch.dbNow()).toBe(Date.now());
  database.isAway = false;
  await pass(1_000);
  expect(log.info).toHaveBeenCalledTimes(1);
  expect(watch.state().sinceAnswerMs).toBeLessThan(1_000);
  await watch.stop();
});

test("a database whose clock jumps: nobody is served by the old time, and the new one is known a moment later", async () => {
  const { database, onChange, pass, watch } = harness();
  await pass(0);
  onChange.mockClear();
  database.clockMs = 60_000;
  await pass(1_000);
  expect(() => watch.dbNow()).toThrow(expect.objectContaining({ code: "database_unavailable" }));
  expect(onChange.mock.calls).toEqual([["all", 0]]);
  await pass(20);
  expect(watch.dbNow()).toBe(Date.now() + 60_000);
  await watch.stop();
});

test("notices that can never arrive are said once, in words that help", async () => {
  const { line, log, pass, watch } = harness();
  await pass(0);
  line.lost("deaf");
  line.lost("deaf");
  expect(log.warn).toHaveBeenCalledTimes(1);
  expect(log.warn).toHaveBeenCalledWith(expect.stringContaining("transaction pooler"));
  expect(watch.state().hearing).toBe("deaf");
  await watch.stop();
});
