import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { digestOf } from "@/lib/keys/secret";
import { log } from "@/lib/log";
import { leakLetter } from "@/lib/mail/key-letters";
import { isMailConfigured, sendMail } from "@/lib/mail/send";
import { deriveKey } from "@/lib/secrets";
import { type LeakedSecret, revokeLeaked } from "./mutations";
import { createLeakReports, createReportCounts, type ReportCounts } from "./reports";

// The page's action and the route are bundled apart: they share these counts, and nothing that has a class of its own in each.
const shared = globalThis as typeof globalThis & { podpassReportCounts?: ReportCounts };
shared.podpassReportCounts ??= createReportCounts();

/** Takes a report of a leaked secret, as a person or a program sends it. */
export const receiveReport = createLeakReports({
  async revoke(secrets, { ip, requestId }) {
    const pepper = deriveKey(env.PODPASS_SECRET, "pepper");
    const digests = secrets.map((secret) => digestOf(secret, pepper));
    try {
      return await revokeLeaked(digests, { ip, requestId }, new Date());
    } catch (cause) {
      log.error({ err: cause, requestId }, "a report of a leaked secret could not be looked at");
      const message = "Podpass could not look at this report. Send it again in a moment.";
      throw new AppError("database_unavailable", message, { retryAfterSeconds: 5, cause });
    }
  },
  tell: (secret) => void tellOwner(secret),
  counts: shared.podpassReportCounts,
});

async function tellOwner({ keyId, keyName, email, hint, isRevoked }: LeakedSecret) {
  log.warn({ keyId, isRevoked }, "a secret was reported as leaked");
  if (!isMailConfigured()) return;
  const link = `${env.PUBLIC_URL}/keys/${keyId}`;
  const host = new URL(env.PUBLIC_URL).host;
  const result = await sendMail(leakLetter({ to: email, keyName, link, host, hint, isRevoked }));
  if (!result.sent) log.error({ mail: result.error, keyId }, "the owner of a leaked secret could not be told by mail");
}
