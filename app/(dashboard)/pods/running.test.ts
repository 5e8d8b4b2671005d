import { expect, test } from "vitest";
import { runningByKey } from "./running";

const at = (time: string) => new Date(`2026-11-22T${time}Z`);
const call = (keyId: string, time: string) => ({ keyId, keyName: `${keyId} key`, memberName: "Ada", at: at(time) });

test("calls of one key count together, from the oldest of them on", () => {
  const running = runningByKey([call("a", "10:00:05"), call("a", "10:00:02"), call("a", "10:00:09")]);
  expect(running).toEqual([{ keyId: "a", keyName: "a key", memberName: "Ada", count: 3, since: at("10:00:02") }]);
});

test("whoever runs most comes first, and of equals the one that runs longest", () => {
  const calls = [call("a", "10:00:05"), call("b", "10:00:01"), call("c", "10:00:07"), call("c", "10:00:08")];
  expect(runningByKey(calls).map(({ keyId }) => keyId)).toEqual(["c", "b", "a"]);
});
