import { parseArgs } from "node:util";

/** What is measured, by name, in the order it is done. */
export const PARTS = ["plain", "latency", "streams", "open", "rows", "admission", "pages"] as const;
/** Takes minutes to prepare: done where it is named. */
export const ON_REQUEST = ["many"] as const;
export type Part = (typeof PARTS)[number] | (typeof ON_REQUEST)[number];

export type Options = {
  isQuick: boolean;
  parts: readonly Part[];
  peers: readonly string[] | null;
  databaseUrl: string | null;
  gateway: string | null;
  against: string | null;
  againstFlags: string[] | null;
  profile: "plain" | "streams" | null;
  json: string | null;
  /** How many requests the database of the part "many" gets. */
  events: number;
  /** A database for the part "many" that was seeded before. */
  seeded: string | null;
};

export const USAGE = `npm run bench -- [options]

  --quick             fewer and shorter rounds: about two minutes instead of ten
  --only a,b          parts: ${PARTS.join(", ")};
                      by name alone: ${ON_REQUEST.join(", ")}, pages over a database of many requests
  --events N          how many these are: ten million if left out, which take minutes and 5 GB of disk
  --seeded URL        a database that "npm run db:seed" has filled, instead of a new one: to measure again on the same
  --peers a,b         peers beside Podpass: nginx, bare, portkey, next
  --database-url URL  a PostgreSQL to make the benchmark's own database in; without it one is started
  --gateway FILE      a bundle of the gateway to measure instead of dist/gateway-worker.js
  --against FILE      another bundle of the gateway, measured as a peer: an earlier version, say
  --against-flags="…"  flags of Node for that one in place of the usual; alone: the same bundle
  --profile NAME      no comparison: where the gateway's own time goes, for "plain" or "streams"
  --json FILE         all figures as JSON
`;

/** Reads the command line. Throws a sentence for people. */
export function readOptions(argv: string[]): Options | "help" {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      peers: { type: "string" },
      "database-url": { type: "string" },
      gateway: { type: "string" },
      against: { type: "string" },
      "against-flags": { type: "string" },
      profile: { type: "string" },
      json: { type: "string" },
      events: { type: "string", default: "10000000" },
      seeded: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { profile } = values;
  if (profile !== undefined && profile !== "plain" && profile !== "streams") throw new Error(`No profile: ${profile}.`);
  return {
    isQuick: values.quick,
    parts: values.only === undefined ? PARTS : values.only.split(",").map(partOf),
    peers: values.peers?.split(",").filter((name) => name !== "") ?? null,
    databaseUrl: values["database-url"] ?? null,
    gateway: values.gateway ?? null,
    against: values.against ?? null,
    againstFlags: values["against-flags"]?.split(" ").filter((flag) => flag !== "") ?? null,
    profile: profile ?? null,
    json: values.json ?? null,
    events: countOf(values.events),
    seeded: values.seeded ?? null,
  };
}

function partOf(name: string): Part {
  const all = [...PARTS, ...ON_REQUEST];
  const part = all.find((known) => known === name);
  if (part === undefined) throw new Error(`There is no part ${name}. One of: ${all.join(", ")}.`);
  return part;
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error("--events: give a whole number.");
  return count;
}
