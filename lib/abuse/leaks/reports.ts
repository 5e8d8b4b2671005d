import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@/lib/errors";
import { looksLikeSecret } from "@/lib/keys/secret";
import { sourceOf } from "../network";
import { createTries } from "../tries";
import type { LeakedSecret } from "./mutations";

/** A report is a secret, or a few lines that hold one. */
export const LONGEST_REPORT = 4_096;
const MOST_SECRETS = 10;
/** Reports one after the other from one source; then one a second. */
const MOST_AT_ONCE = 10;
const MOST_IN_FLIGHT = 32;
const RETRY_AFTER_SECONDS = 10;
/** Longer than a revocation takes, so that the time of the answer says nothing. */
const ANSWER_AFTER_MS = 400;

const SECRETS = /sk-vllm-[0-9A-Za-z]{38}/g;

export type Reporter = { ip: string | null; requestId: string };

type Options = {
  /** Ends what these open, and says whose it was. Called once a report, whatever was sent. */
  revoke: (secrets: readonly string[], reporter: Reporter) => Promise<readonly LeakedSecret[]>;
  /** Tells an owner. Nobody waits for it. */
  tell: (secret: LeakedSecret) => void;
  counts?: ReportCounts;
  answerAfterMs?: number;
};

export type ReportCounts = ReturnType<typeof createReportCounts>;

/** How many reports came from whom, and how many are being looked at. */
export function createReportCounts(now: () => number = () => performance.now()) {
  return { bySource: createTries({ now, most: MOST_AT_ONCE }), inFlight: 0 };
}

/**
 * Takes reports of leaked secrets from anybody. Resolves alike, after the same work and time, whether the text held a real
 * secret or none. Throws `rate_limit_exceeded`, `invalid_request` for an empty report, or `database_unavailable`.
 */
export function createLeakReports({
  revoke,
  tell,
  counts = createReportCounts(),
  answerAfterMs = ANSWER_AFTER_MS,
}: Options) {
  return async function receive(text: string, reporter: Reporter): Promise<void> {
    if (text.length > LONGEST_REPORT) throw new AppError("request_too_large", "A report may have 4,096 characters.");
    if (text.trim() === "") throw new AppError("invalid_request", "Paste the secret.", { param: "secret" });
    const source = (reporter.ip === null ? null : sourceOf(reporter.ip)) ?? "unknown";
    if (counts.bySource.isOver(source) || counts.inFlight >= MOST_IN_FLIGHT) {
      throw new AppError("rate_limit_exceeded", "Too many reports at once. Send this one again in ten seconds.", {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    counts.bySource.count(source);
    counts.inFlight += 1;
    try {
      const [told] = await Promise.all([revoke(candidatesIn(text), reporter), sleep(answerAfterMs)]);
      for (const secret of told) tell(secret);
    } finally {
      counts.inFlight -= 1;
    }
  };
}

/** What may be a secret in a text. Never nothing, so that nonsense costs the same query as the real thing. */
export function candidatesIn(text: string): string[] {
  const found = [...new Set(text.match(SECRETS))].filter(looksLikeSecret).slice(0, MOST_SECRETS);
  return found.length > 0 ? found : [text];
}
