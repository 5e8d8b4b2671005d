import { openSync, writeSync } from "node:fs";
import { setImmediate as endOfTick } from "node:timers/promises";
import { createRecorder } from "@/lib/usage/recorder";
import { openingOf, randomEvent } from "./random-event";

// Writes down what the journal has acknowledged, the moment it has, and then waits to be killed.
const { JOURNAL_DIR = "", DATABASE_URL = "", MEMBER_ID = "", COUNT = "0", LEDGER = "" } = process.env;
const ledger = openSync(LEDGER, "a");
const log = { error: () => undefined, warn: () => undefined, info: () => undefined };
const recorder = createRecorder({ journalDir: JOURNAL_DIR, databaseUrl: DATABASE_URL, log });
process.once("SIGTERM", () => void recorder.close(300).then(() => process.exit(0)));

for (let n = 0; n < Number(COUNT); n += 1) {
  const event = randomEvent({ memberId: MEMBER_ID });
  await recorder.open(openingOf(event));
  writeSync(ledger, `opened ${event.requestId}\n`);
  if (n % 2 === 0) continue;
  recorder.final(event);
  await endOfTick();
  await endOfTick();
  writeSync(ledger, `ended ${event.requestId}\n`);
}
setInterval(() => undefined, 1_000);
