import type { Account, Standing } from "./ask";

/** From a process without limits of its own to whoever can ask one that has them. */
export type StandingsWanted = { type: "standings-wanted"; turn: number; accounts: readonly Account[] };

/** The answer to one `standings-wanted`; null: nobody can tell right now. */
export type StandingsTold = { type: "standings-told"; turn: number; standings: Standing[] | null };

/** Nobody looks at figures that come later. */
const PATIENCE_MS = 1_000;

/** The asking end of the line. `ask` answers null where nobody can tell, or not soon enough; it never rejects. */
export function createStandingsLine(send: (message: StandingsWanted) => unknown, patienceMs = PATIENCE_MS) {
  const waiting = new Map<number, (standings: Standing[] | null) => void>();
  let lastTurn = 0;

  function ask(accounts: readonly Account[]): Promise<Standing[] | null> {
    lastTurn += 1;
    const turn = lastTurn;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(null), patienceMs);
      function settle(standings: Standing[] | null) {
        clearTimeout(timer);
        waiting.delete(turn);
        resolve(standings);
      }
      waiting.set(turn, settle);
      try {
        send({ type: "standings-wanted", turn, accounts });
      } catch {
        settle(null); // the other end is gone
      }
    });
  }

  return { ask, hear: ({ turn, standings }: StandingsTold) => waiting.get(turn)?.(standings) };
}
