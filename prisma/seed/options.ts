import { parseArgs } from "node:util";
import pg from "pg";

export type SeedOptions = {
  /** How many requests the ninety days hold. */
  events: number;
  /** Also where the database is on another machine. */
  force: boolean;
  /** Also where there is a team already. */
  again: boolean;
  /** Money shared out and days summed up before it ends, also of few requests. */
  settle: boolean;
};

const MOST_EVENTS = 100_000_000;

/** Reads the command line. Throws in words for what it does not know. */
export function readOptions(args: string[]): SeedOptions {
  const { values } = parseArgs({
    args,
    options: {
      events: { type: "string", default: "60000" },
      force: { type: "boolean", default: false },
      again: { type: "boolean", default: false },
      settle: { type: "boolean", default: false },
    },
  });
  const events = Number(values.events);
  if (!Number.isInteger(events) || events < 0 || events > MOST_EVENTS) {
    throw new Error(`--events: give a whole number up to ${MOST_EVENTS}.`);
  }
  return { events, force: values.force, again: values.again, settle: values.settle };
}

/** Whether a connection string leads to this machine, by what the driver makes of it. */
export function isLocal(connectionString: string) {
  const { host } = new pg.Client({ connectionString });
  return host.startsWith("/") || /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host);
}
