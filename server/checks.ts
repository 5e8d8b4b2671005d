import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { listenError } from "./ports";
import { StartError } from "./start-error";

const OLDEST_POSTGRES = 150_000;
/** The port of a Podpass that was just killed is free again within moments. */
const PORT_PATIENCE_MS = 1_500;
const POLL_MS = 100;

/** Runs every check to its end and refuses the start with all that is wrong, not with the first thing. */
export async function requireAll(checks: Promise<void>[]) {
  const results = await Promise.allSettled(checks);
  const problems = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  const surprise = problems.find((problem) => !(problem instanceof StartError));
  if (surprise !== undefined) throw surprise;
  if (problems.length === 0) return;
  throw new StartError(
    ["Podpass cannot start:", ...problems.map(({ message }: StartError) => `  ${message}`)].join("\n"),
  );
}

/** Refuses an address that cannot be listened on, a taken port only when it stays taken. */
export async function requireFreePort(host: string, port: number, patienceMs = PORT_PATIENCE_MS) {
  const deadline = Date.now() + patienceMs;
  for (let code = await listenError(host, port); code !== null; code = await listenError(host, port)) {
    if (code !== "EADDRINUSE" || Date.now() > deadline) throw new StartError(explainPort(code, host, port));
    await sleep(POLL_MS);
  }
}

function explainPort(code: string, host: string, port: number) {
  switch (code) {
    case "EADDRINUSE":
      return `PORT: ${port} is taken by another program. Choose another one, for example: PORT=${port + 1} npm start`;
    case "EACCES":
      return `PORT: ${port} needs rights this user does not have. Choose one above 1023.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `HOST: ${host} is not an address of this machine. 127.0.0.1 is this machine alone, 0.0.0.0 all its networks.`;
    default:
      return `PORT, HOST: cannot listen on ${host}:${port} (${code}).`;
  }
}

/** A machine under load may take seconds for a connection. */
const PATIENCE_MS = 15_000;

/** Refuses a database that does not answer or is too old. Says why in PostgreSQL's words, and never repeats the address. */
export async function requireDatabase(connectionString: string) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: PATIENCE_MS, query_timeout: PATIENCE_MS });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    );
    const version = rows[0]?.version ?? 0;
    if (version < OLDEST_POSTGRES) {
      throw new StartError(
        `DATABASE_URL: this is PostgreSQL ${Math.floor(version / 10_000)}; Podpass needs 15 or newer.`,
      );
    }
  } catch (error) {
    throw error instanceof StartError ? error : new StartError(`DATABASE_URL: ${explain(error)}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function explain(error: unknown) {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (code) {
    case "ECONNREFUSED":
      return "nobody listens at that host and port.";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host's name is not known.";
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
      return "the host does not answer.";
    case "28P01":
    case "28000":
      return "PostgreSQL refuses this user or password.";
    case "3D000":
      return "PostgreSQL has no database of that name. Create it first.";
    default:
      return error instanceof Error && /timeout/i.test(error.message)
        ? "the host does not answer."
        : `it cannot be used (${code || "unknown"}).`;
  }
}
