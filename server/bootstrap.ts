// `node dist/bootstrap.js [--simulated-pod URL]`: makes the first pod and the owner where the environment names them, and
// prints what there is now as JSON. Safe to run at every start, and by several replicas at once.
import { ensureOwner, isFresh } from "@/lib/auth/owner";
import { env } from "@/lib/env";
import type { FirstFacts } from "./first-facts";

async function main(): Promise<FirstFacts> {
  const now = new Date();
  if (env.ADMIN_EMAIL !== undefined && env.ADMIN_PASSWORD !== undefined) {
    await ensureOwner({ email: env.ADMIN_EMAIL.trim().toLowerCase(), password: env.ADMIN_PASSWORD }, now);
  }
  const at = process.argv.indexOf("--simulated-pod");
  const simulatedPodUrl = at === -1 ? null : (process.argv[at + 1] ?? null);
  return { hasOwner: !(await isFresh()), isPodSimulated: simulatedPodUrl !== null };
}

main().then(
  (facts) => {
    process.stdout.write(`${JSON.stringify(facts)}\n`);
    process.exit(0);
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
