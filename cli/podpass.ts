#!/usr/bin/env node
// `podpass …`: the operator's command line, on the same domain functions as the dashboard.
import { loadDotEnv } from "@/server/dot-env";
import { run } from "./run";

// Whoever writes learns of an error; without a listener a reader that leaves, such as `head`, would end the process.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

loadDotEnv();
process.exitCode = await run(process.argv.slice(2), process);
process.exit();
