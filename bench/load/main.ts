// The process that asks: one job after the other, as its parent says.
import type { Job } from "../protocol";
import { closedLoop } from "./closed-loop";
import { constantRate } from "./constant-rate";
import { pages } from "./pages";
import { streams } from "./streams";

function run(job: Job) {
  switch (job.kind) {
    case "closed-loop":
      return closedLoop(job);
    case "constant-rate":
      return constantRate(job);
    case "streams":
      return streams(job);
    case "pages":
      return pages(job);
  }
}

process.on("message", (job: Job) => {
  run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ failure: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
