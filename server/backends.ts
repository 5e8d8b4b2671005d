import { randomBytes } from "node:crypto";
import type { Env } from "@/lib/env";
import { deriveKey } from "@/lib/secrets";
import { childEnvironment } from "./child-environment";
import { generatedRootSecret } from "./data-dir";
import { startEmbedded } from "./embedded-postgres";
import { bootstrapInOwnProcess } from "./first-facts";
import { migrateInOwnProcess } from "./migrations";
import type { Manner } from "./postgres-guard";
import { type SimulatedPod, startSimulatedPod } from "./simulated-pod";

type Endings = ((manner: Manner) => Promise<void>)[];

export type Backends = {
  /** Complete: with it every process of ours works. */
  environment: NodeJS.ProcessEnv;
  /** Where the embedded database lies; null: the database is somebody else's. */
  databaseFolder: string | null;
  isPodSimulated: boolean;
  setupCode: string | null;
  /** Settles if the embedded database ends although nobody asked it to. */
  databaseEnded: Promise<void>;
  stop(manner: Manner): Promise<void>;
};

/** Connections that pages, the command line, migrations and the database's own housekeeping share. */
const CONNECTIONS_BESIDE_WORKERS = 40;
const CONNECTIONS_PER_WORKER = 15;

/**
 * Makes everything ready that the servers lean on: the root secret, a database of this version, a pod to ask, and the first
 * rows. Whatever was started is ended again when something in between fails. `onEnvironment` hears the complete environment as
 * soon as it is known, for what can start before the database is ready.
 */
export async function startBackends(
  env: Env,
  dataDir: string,
  onEnvironment: (environment: NodeJS.ProcessEnv) => void = () => undefined,
): Promise<Backends> {
  const endings: Endings = [];
  const stop = async (manner: Manner) => {
    for (const end of endings.reverse()) await end(manner);
  };
  try {
    const secret = env.PODPASS_SECRET ?? Buffer.from(generatedRootSecret(dataDir), "hex");
    const embedded =
      env.DATABASE_URL === undefined
        ? await startEmbedded(dataDir, {
            connections: CONNECTIONS_BESIDE_WORKERS + CONNECTIONS_PER_WORKER * env.WEB_CONCURRENCY,
          })
        : null;
    if (embedded !== null) endings.push(embedded.stop);
    const databaseUrl = embedded?.url ?? env.DATABASE_URL ?? "";
    const setupCode = env.PODPASS_SETUP_CODE ?? randomBytes(12).toString("base64url");
    const environment = childEnvironment({
      PODPASS_FRONT_PORT: String(env.PORT),
      DATABASE_URL: databaseUrl,
      PODPASS_DATA_DIR: dataDir,
      PODPASS_SECRET: secret.toString("hex"),
      PODPASS_SETUP_CODE: setupCode,
      PODPASS_INTERNAL_TOKEN: randomBytes(24).toString("base64url"),
      NEXTAUTH_URL: env.PUBLIC_URL,
      NEXTAUTH_SECRET: deriveKey(secret, "session").toString("base64"),
      NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: deriveKey(secret, "serverActions").toString("base64"),
    });

    onEnvironment(environment);

    const [, pod] = await Promise.all([migrateInOwnProcess(databaseUrl), simulatedUnlessNamed(env, endings)]);
    const facts = await bootstrapInOwnProcess(environment, pod);
    if (pod !== null && !facts.isPodSimulated) {
      endings.splice(endings.indexOf(pod.stop), 1);
      await pod.stop();
    }
    return {
      environment,
      databaseFolder: embedded?.folder ?? null,
      isPodSimulated: facts.isPodSimulated,
      setupCode: facts.hasOwner ? null : setupCode,
      databaseEnded: embedded?.ended ?? new Promise(() => undefined),
      stop,
    };
  } catch (error) {
    await stop("fast");
    throw error;
  }
}

/** Started beside the migrations, because most installations that name no pod have none of their own yet. */
async function simulatedUnlessNamed(env: Env, endings: Endings): Promise<SimulatedPod | null> {
  if (env.VLLM_BASE_URL !== undefined) return null;
  const pod = await startSimulatedPod();
  endings.push(pod.stop);
  return pod;
}
