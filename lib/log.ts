import pino from "pino";
import { env } from "./env";

/** Never in a log, whatever object is handed in. */
const REDACTED = ["authorization", "cookie", "password", "secret", "apiKey", "token", "databaseUrl"];

/** JSON lines on standard error, so that standard output stays for people and for `--json`. */
export const log = pino(
  {
    level: env.LOG_LEVEL,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`, `headers["${name}"]`]), censor: "[redacted]" },
  },
  pino.destination({ dest: 2, sync: false }),
);
