// `node dist/bootstrap.js < input.json`: makes the first pod and the owner where the environment names them, and prints what
// there is now as JSON. Safe to run at every start, and by several replicas at once.
import { text } from "node:stream/consumers";
import { ensureOwner, isFresh } from "@/lib/auth/owner";
import { env } from "@/lib/env";
import { ensureFirstPod } from "@/lib/pods/mutations";
import type { FirstFacts, FirstInput } from "./first-facts";

async function main(): Promise<FirstFacts> {
  const now = new Date();
  const { simulated } = JSON.parse(await text(process.stdin)) as FirstInput;
  if (env.ADMIN_EMAIL !== undefined && env.ADMIN_PASSWORD !== undefined) {
    await ensureOwner({ email: env.ADMIN_EMAIL.trim().toLowerCase(), password: env.ADMIN_PASSWORD }, now);
  }
  if (env.VLLM_BASE_URL !== undefined) {
    await ensureFirstPod({ baseUrl: env.VLLM_BASE_URL, apiKey: env.VLLM_API_KEY ?? null }, now);
  }
  const placed = simulated === null ? null : await ensureFirstPod({ simulated }, now);
  return { hasOwner: !(await isFresh()), isPodSimulated: placed !== null };
}

main().then(
  (facts) => {
    process.stdout.write(`${JSON.stringify(facts)}\n`, () => process.exit(0));
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`, () => process.exit(1));
  },
);
