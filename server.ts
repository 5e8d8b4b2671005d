// The production server: `npm start`. Everything it needs beside Node and npm's packages it brings itself.
import { loadDotEnv } from "./server/dot-env";
import { runPlainly } from "./server/run-plainly";

runPlainly(async () => {
  loadDotEnv();
  // Imported here and not above: a wrong environment throws while it is read, and shall be told without a stack trace.
  const { env } = await import("./lib/env");
  const { runSupervisor } = await import("./server/supervisor");
  // biome-ignore lint/style/noProcessEnv: set by npm for its scripts, no part of the product's environment
  await runSupervisor(env, process.env.npm_lifecycle_event !== undefined);
});
