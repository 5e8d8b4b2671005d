// `npm run dev`.
import { loadDotEnv } from "./dot-env";
import { runPlainly } from "./run-plainly";

runPlainly(async () => {
  loadDotEnv();
  // Imported here and not above: a wrong environment throws while it is read, and shall be told without a stack trace.
  const { env } = await import("@/lib/env");
  const { runDev } = await import("./run-dev");
  // biome-ignore lint/style/noProcessEnv: set by npm for its scripts, no part of the product's environment
  await runDev(env, process.env.npm_lifecycle_event !== undefined);
});
