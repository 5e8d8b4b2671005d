import { testPodConnection } from "@/lib/pods/test-connection";
import { StartError } from "@/server/start-error";
import type { Answer } from "./command";
import { type Connected, completeEnvironment } from "./environment";

type Check = {
  id: string;
  level: "ok" | "warning" | "problem";
  sentence: string;
  nextStep: string | null;
};

/** Beyond this the gateway refuses to serve: expiries would come at the wrong time. */
const MOST_CLOCK_OFFSET_MS = 2_000;

/** Looks at everything Podpass needs, in the order in which one thing needs another, and says what to do about what is wrong. */
export async function examine(): Promise<Answer> {
  const checks = await allChecks();
  const problems = checks.filter(({ level }) => level === "problem");
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return {
    json: { ok: problems.length === 0, checks },
    text: checks.map(lines).join("\n"),
    ...(problems.length > 0 && { failure: `${count}: ${problems.map(({ id }) => id).join(", ")}` }),
  };
}

async function allChecks(): Promise<Check[]> {
  let connected: Connected;
  try {
    connected = await completeEnvironment();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const nextStep = "Start PostgreSQL or correct DATABASE_URL; leave it out to use the embedded database.";
    return [problem("database", error.message, nextStep)];
  }
  try {
    const environment = await environmentCheck();
    const known = [environment, ok("database", "The database answers."), migrationsCheck(connected)];
    if (known.some(({ level }) => level === "problem")) return known;
    return [...known, await secretCheck(), await clockCheck(), await ownerCheck(), ...(await podChecks())];
  } finally {
    await connected.end();
  }
}

async function environmentCheck(): Promise<Check> {
  try {
    const { env } = await import("@/lib/env");
    return ok("environment", `The environment is complete. People reach Podpass at ${env.PUBLIC_URL}.`);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "EnvironmentError") throw error;
    return problem("environment", error.message, "Correct these variables; .env.example explains each.");
  }
}

function migrationsCheck({ missing }: Connected): Check {
  if (missing.length === 0) return ok("migrations", "The database is of this version.");
  const sentence = `The database lacks ${missing.length} of this version's migrations: ${missing.join(", ")}.`;
  return problem("migrations", sentence, "Start Podpass once: it applies them.");
}

async function secretCheck(): Promise<Check> {
  const { env } = await import("@/lib/env");
  const { podsToProbe } = await import("@/lib/pods/queries");
  const restore =
    "Set PODPASS_SECRET to the one the keys were made with, or restore the file secret in the data folder.";
  if (env.PODPASS_SECRET === undefined) return problem("secret", "There is no PODPASS_SECRET here.", restore);
  const unreadable = (await podsToProbe()).filter(({ isKeyUnreadable }) => isKeyUnreadable);
  if (unreadable.length === 0) return ok("secret", "PODPASS_SECRET is set and opens what is sealed with it.");
  const names = unreadable.map(({ name }) => name).join(", ");
  return problem("secret", `PODPASS_SECRET is not the one that sealed the key of: ${names}.`, restore);
}

async function clockCheck(): Promise<Check> {
  const { readEpoch } = await import("@/lib/gateway/queries");
  const askedAt = Date.now();
  const { dbNowMs } = await readEpoch();
  const offsetMs = Math.abs(dbNowMs - (askedAt + Date.now()) / 2);
  if (offsetMs <= MOST_CLOCK_OFFSET_MS) return ok("clock", "This machine's clock agrees with the database's.");
  const sentence = `This machine's clock is ${Math.round(offsetMs / 1_000)} s away from the database's.`;
  return problem("clock", sentence, "Set both by NTP: keys expire by the database's clock.");
}

async function ownerCheck(): Promise<Check> {
  const { adminNames } = await import("@/lib/auth/queries");
  if ((await adminNames()).length > 0) return ok("owner", "Somebody can administer this Podpass.");
  const nextStep = "Open the setup link that the start prints, or: podpass member add EMAIL --role owner";
  return { id: "owner", level: "warning", sentence: "There is no owner or admin yet.", nextStep };
}

async function podChecks(): Promise<Check[]> {
  const { podsToProbe } = await import("@/lib/pods/queries");
  const pods = await podsToProbe();
  if (pods.length === 0) {
    const nextStep = "Add one: podpass pod add NAME URL --key-stdin. Without one, npm start brings a simulated pod.";
    return [{ id: "pod", level: "warning", sentence: "There is no pod yet.", nextStep }];
  }
  return Promise.all(pods.map(podCheck));
}

type Pod = { name: string; baseUrl: string; apiKey: string | null; simulatedAt: Date | null };

async function podCheck({ name, baseUrl, apiKey, simulatedAt }: Pod): Promise<Check> {
  const id = `pod ${name}`;
  const found = await testPodConnection({ baseUrl, apiKey });
  if (!found.ok && simulatedAt) {
    const nextStep = "It runs while Podpass does.";
    return { id, level: "warning", sentence: "The simulated pod does not run.", nextStep };
  }
  if (!found.ok) return problem(id, found.sentence, found.nextStep);
  const serves = `It answers within ${found.roundTripMs} ms and serves ${found.models.join(", ") || "no model"}.`;
  if (simulatedAt) return ok(id, `${serves} It is simulated.`);
  // A key on the pod is no boundary, but none at all is an invitation.
  const isOpen = apiKey === null || (await testPodConnection({ baseUrl, apiKey: null })).ok;
  if (!isOpen) return ok(id, serves);
  const nextStep =
    "Start vLLM with --api-key, give the key to the pod here, and let only Podpass reach its port if you can.";
  return { id, level: "warning", sentence: `${serves} It also answers without a key, to whoever finds it.`, nextStep };
}

function ok(id: string, sentence: string): Check {
  return { id, level: "ok", sentence, nextStep: null };
}

function problem(id: string, sentence: string, nextStep: string): Check {
  return { id, level: "problem", sentence, nextStep };
}

function lines({ id, level, sentence, nextStep }: Check) {
  const first = `${level.padEnd(8)} ${id}: ${sentence}`;
  return nextStep === null ? first : `${first}\n         → ${nextStep}`;
}
