import type { Account, Standing } from "@/lib/limits/ask";
import { createStandingsLine, type StandingsTold } from "@/lib/limits/standings-line";
import { gatewayHere } from "./open-gateway";

type Line = ReturnType<typeof createStandingsLine>;

// Each route is bundled apart: one line to the supervisor for the process lives on globalThis.
const shared = globalThis as typeof globalThis & { podpassStandings?: Line };

/** How accounts stand, by the gateway's own counters: the workers' behind server.ts, else this process's. Null: nobody can tell. */
export async function standingsOf(accounts: readonly Account[]): Promise<Standing[] | null> {
  if (process.send !== undefined) return lineToSupervisor().ask(accounts);
  const gateway = await gatewayHere();
  return gateway === undefined ? null : gateway.standings(accounts);
}

function lineToSupervisor(): Line {
  if (shared.podpassStandings === undefined) {
    const line = createStandingsLine((message) => process.send?.(message));
    process.on("message", (message: { type?: string } | null) => {
      if (message?.type === "standings-told") line.hear(message as StandingsTold);
    });
    shared.podpassStandings = line;
  }
  return shared.podpassStandings;
}
