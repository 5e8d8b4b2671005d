import { expect, test } from "vitest";
import type { Standing } from "@/lib/limits/ask";
import { createStandingsLine, type StandingsTold } from "@/lib/limits/standings-line";
import type { ToWorker } from "./messages";
import { createStandingsExchange, type Peer } from "./standings-exchange";

const standing: Standing = {
  requests: 12,
  requestsResetMs: 900,
  tokens: 0,
  tokensResetMs: 0,
  inFlight: 1,
  monthTokens: null,
};

/** A dashboard's line to a supervisor with one worker, which answers by `work`. */
function rig(work: (message: ToWorker, tell: (told: StandingsTold) => void) => void, isConnected = true) {
  const worker: Peer = {
    isConnected: () => isConnected,
    send: (message) => work(message, (told) => exchange.hear(told)),
  };
  const exchange = createStandingsExchange(new Set([worker]));
  const line = createStandingsLine((wanted) => exchange.ask(wanted, (told) => line.hear(told)), 50);
  return line;
}

test("each question gets the answer to itself, in whatever order they come", async () => {
  const later: (() => void)[] = [];
  const line = rig((message, tell) => {
    if (message.type !== "standings-wanted") return;
    const standings = message.accounts.map(({ id }) => ({ ...standing, requests: Number(id) }));
    later.unshift(() => tell({ type: "standings-told", turn: message.turn, standings }));
  });
  const account = (id: string) => ({
    kind: "key" as const,
    id,
    ownerId: "m",
    limits: { rpm: 60, tpm: null, concurrency: null, monthlyTokens: null, monthlyMicroUsd: null },
  });
  const answers = Promise.all([line.ask([account("1")]), line.ask([account("2"), account("3")])]);
  for (const tell of later) tell();
  expect((await answers).map((standings) => standings?.map(({ requests }) => requests))).toEqual([[1], [2, 3]]);
});

test.each([
  ["no worker is there", rig(() => undefined, false)],
  [
    "the worker can't tell",
    rig((message, tell) =>
      tell({ type: "standings-told", turn: "turn" in message ? message.turn : 0, standings: null }),
    ),
  ],
  ["nobody answers in time", rig(() => undefined)],
])("where %s the answer is null, never an error", async (_, line) => {
  expect(await line.ask([])).toBeNull();
});
