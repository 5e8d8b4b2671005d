import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { StartError } from "./start-error";

/** The simulated pod that was started for this run, if one was. */
export type FirstInput = { simulated: { port: number; key: string } | null };
export type FirstFacts = { hasOwner: boolean; isPodSimulated: boolean };

/**
 * Makes the first pod and the owner where the environment names them, in a process of its own: this one has no complete
 * environment, and the product's modules read theirs once.
 */
export function bootstrapInOwnProcess(
  environment: NodeJS.ProcessEnv,
  simulated: FirstInput["simulated"],
): Promise<FirstFacts> {
  const program = fileURLToPath(new URL("../dist/bootstrap.js", import.meta.url));
  const input: FirstInput = { simulated: simulated && { port: simulated.port, key: simulated.key } };
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [program], { env: environment }, (error, stdout, stderr) => {
      if (error) reject(new StartError(stderr.trim() || "The first rows could not be written."));
      else resolve(JSON.parse(stdout));
    });
    // Not on its command line, which every user of the machine can read.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(JSON.stringify(input));
  });
}
