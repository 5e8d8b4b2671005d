import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { StartError } from "./start-error";

export type FirstFacts = { hasOwner: boolean; isPodSimulated: boolean };

/**
 * Makes the first pod and the owner where the environment names them, in a process of its own: this one has no complete
 * environment, and the product's modules read theirs once.
 */
export function bootstrapInOwnProcess(
  environment: NodeJS.ProcessEnv,
  simulatedPodUrl: string | null,
): Promise<FirstFacts> {
  const program = fileURLToPath(new URL("../dist/bootstrap.js", import.meta.url));
  const args = simulatedPodUrl === null ? [] : ["--simulated-pod", simulatedPodUrl];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], { env: environment }, (error, stdout, stderr) => {
      if (error) reject(new StartError(stderr.trim() || "The first rows could not be written."));
      else resolve(JSON.parse(stdout));
    });
  });
}
