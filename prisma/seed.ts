// `npm run db:seed`: a believable team with ninety days behind it, on a database of this machine.
import { completeEnvironment, requireMigrated } from "@/cli/environment";
import { loadDotEnv } from "@/server/dot-env";
import { isLocal, readOptions, type SeedOptions } from "./seed/options";
import type { SeededTeam } from "./seed/team";

/** From here on waiting for the days is worth it: pages over many rows are what such a seed is for. */
const MANY = 1_000_000;

const say = (text: string) => void process.stderr.write(`${text}\n`);

async function main(options: SeedOptions) {
  loadDotEnv();
  // biome-ignore lint/style/noProcessEnv: before lib/env may be read; what leads elsewhere is refused unconnected
  const given = process.env.DATABASE_URL;
  if (given && !options.force && !isLocal(given)) {
    throw new Error(
      "DATABASE_URL leads to another machine. Made-up people and keys belong in no real team: --force does it all the same.",
    );
  }
  const connected = await completeEnvironment();
  try {
    requireMigrated(connected);
    await seed(connected.databaseUrl, options);
  } finally {
    await connected.end();
  }
}

async function seed(databaseUrl: string, { events, again, settle }: SeedOptions) {
  // What reads lib/env comes after the environment is complete.
  const [{ isFresh }, { seedTeam }, { seedUsage }, { podForHistory }] = await Promise.all([
    import("@/lib/auth/owner"),
    import("./seed/team"),
    import("./seed/usage"),
    import("./seed/pod"),
  ]);
  if (!again && !(await isFresh())) {
    throw new Error("There is a team already. --again adds the made-up one to it.");
  }
  const now = new Date();
  const team = await seedTeam(now);
  say(`${team.shown.length} keys that work, and others that don't.`);
  const podId = await podForHistory(now);
  await seedUsage({ databaseUrl, passes: team.passes, podId, events, sumUp: settle || events >= MANY, now, say });
  process.stdout.write(told(team));
}

function told({ logins, shown }: SeededTeam) {
  const width = Math.max(...shown.map(({ member, key }) => member.length + key.length)) + 2;
  const keys = shown.map(({ member, key, secret }) => `  ${`${member}, ${key}`.padEnd(width)}  ${secret}`);
  const people = logins.map(({ email, password }, index) => `  ${email}  ${password}${index === 0 ? "  (owner)" : ""}`);
  return [
    "Shown once, stored nowhere:",
    "",
    ...keys,
    "",
    people.length > 0 ? "Sign in as:" : "Everybody was here already, with their passwords.",
    "",
    ...people,
    "",
  ].join("\n");
}

try {
  await main(readOptions(process.argv.slice(2)));
  process.exit(0);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
