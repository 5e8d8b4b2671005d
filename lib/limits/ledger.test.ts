import fc from "fast-check";
import { expect, test } from "vitest";
import { NO_LIMITS } from "../keys/limits";
import type { Account, Ask } from "./ask";
import { createLedger } from "./ledger";

const account = (limits: Partial<Account["limits"]>, id = "a"): Account => ({
  kind: "key",
  id,
  ownerId: "m",
  limits: { ...NO_LIMITS, ...limits },
});
let ids = 0;
const ask = (accounts: Account[], tokens = 10): Ask => ({
  id: `call-${++ids}`,
  accounts,
  tokens,
  microUsd: 0,
  month: "2026-11",
});

function rig() {
  const clock = { now: 0 };
  return { clock, ledger: createLedger(() => clock.now) };
}

test("of five times the limit at once exactly the limit passes, and those who must wait are told how long", () => {
  const { ledger, clock } = rig();
  const key = account({ rpm: 5 });
  const verdicts = Array.from({ length: 25 }, () => ledger.take(ask([key])));
  expect(verdicts.filter(({ is }) => is === "taken")).toHaveLength(5);
  expect(verdicts.at(-1)).toMatchObject({ is: "refused", by: { limit: "rpm", afterMs: 60_000 } });
  clock.now = 59_999;
  expect(ledger.take(ask([key])).is).toBe("refused");
  clock.now = 60_000;
  expect(ledger.take(ask([key])).is).toBe("taken");
});

test("what one account refuses costs the other nothing", () => {
  const { ledger } = rig();
  const [key, member] = [account({ rpm: 100 }), account({ concurrency: 1 }, "m")];
  expect(ledger.take(ask([key, member])).is).toBe("taken");
  for (let i = 0; i < 10; i += 1) expect(ledger.take(ask([key, member])).is).toBe("refused");
  const verdict = ledger.take(ask([key]));
  expect(verdict).toMatchObject({ meters: { requests: { limit: 100, remaining: 98 } } });
});

test("tokens are held at admission, and only the true count stays", () => {
  const { ledger } = rig();
  const key = account({ tpm: 1_000 });
  const first = ask([key], 600);
  expect(ledger.take(first)).toMatchObject({ is: "taken", meters: { tokens: { remaining: 400 } } });
  expect(ledger.take(ask([key], 600))).toMatchObject({ is: "refused", by: { limit: "tpm" } });
  ledger.settle(first.id, { minuteTokens: 50, monthTokens: 50 });
  expect(ledger.take(ask([key], 600))).toMatchObject({ is: "taken", meters: { tokens: { remaining: 350 } } });
});

test("a call that could take more than a minute's tokens goes when nothing else counts, and what it took beyond is owed", () => {
  const { ledger } = rig();
  const key = account({ tpm: 100 });
  const large = ask([key], 5_000);
  expect(ledger.take(large).is).toBe("taken");
  expect(ledger.take(ask([key], 1)).is).toBe("refused");
  ledger.settle(large.id, { minuteTokens: 130, monthTokens: 130 });
  expect(ledger.take(ask([key], 1))).toMatchObject({ is: "refused", meters: { tokens: { remaining: 0 } } });
});

test("a budget nobody has read is unknown, and once read it is overrun by at most one reservation", () => {
  const { ledger } = rig();
  const key = account({ monthlyTokens: 1_000 });
  expect(ledger.take(ask([key])).is).toBe("unknown");
  ledger.seed(key, "2026-11", { tokens: 950, microUsd: null });
  const first = ask([key], 100);
  expect(ledger.take(first).is).toBe("taken");
  expect(ledger.take(ask([key], 1))).toMatchObject({ is: "refused", by: { limit: "monthlyTokens", afterMs: null } });
  ledger.settle(first.id, { minuteTokens: 20, monthTokens: 20 });
  ledger.seed(key, "2026-11", { tokens: 900, microUsd: null }); // the database is a moment behind
  const second = ask([key], 100);
  expect(ledger.take(second).is).toBe("taken");
  ledger.settle(second.id, { minuteTokens: 100, monthTokens: 100 });
  expect(ledger.take(ask([key], 1)).is).toBe("refused");
  expect(ledger.take({ ...ask([key], 1), month: "2026-12" }).is).toBe("unknown");
});

test("whatever happens in whatever order, every place comes back, and what was given back leaves no trace", () => {
  const step = fc.record({
    does: fc.constantFrom("take", "settle", "giveBack"),
    which: fc.nat(30),
    tokens: fc.nat(300),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const { ledger } = rig();
      const accounts = [account({ concurrency: 4, rpm: 60 }), account({ tpm: 1_000, concurrency: 3 }, "m")];
      const running: string[] = [];
      let counted = 0;
      for (const { does, which, tokens } of steps) {
        if (does === "take") {
          const call = ask(accounts, tokens);
          if (ledger.take(call).is === "taken") {
            running.push(call.id);
            counted += 1;
          }
          expect(running.length).toBeLessThanOrEqual(3);
        } else {
          const [id] = running.splice(which % Math.max(1, running.length), 1);
          if (id === undefined) continue;
          if (does === "settle") ledger.settle(id, { minuteTokens: 0, monthTokens: 0 });
          else {
            ledger.giveBack(id);
            counted -= 1;
          }
          ledger.giveBack(id); // a second time changes nothing
        }
      }
      for (const id of running) ledger.settle(id, { minuteTokens: 0, monthTokens: 0 });
      expect(ledger.size().open).toBe(0);
      const rest = Array.from({ length: 3 }, () => ledger.take(ask(accounts, 300)).is);
      expect(rest.filter((is) => is === "taken").length).toBe(Math.min(3, 60 - counted));
    }),
  );
});
