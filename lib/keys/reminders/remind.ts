import type { Logger } from "pino";
import { reminderLetter } from "../../mail/letters";
import type { Mail, MailResult } from "../../mail/send";
import { claimReminders, forgetReminders, noteFailed, noteSent } from "./mutations";
import { announcementsAt } from "./queries";

type Options = {
  send: (mail: Mail) => Promise<MailResult>;
  /** The address people use. */
  publicUrl: string;
  log: Pick<Logger, "warn">;
};

/**
 * Tells by mail whose keys come near an end or a rotation: one letter a member with all that is new, and each date and step
 * once, whoever else does the same at the same moment. A process that ends between taking a step and noting its letter
 * leaves that step untold rather than told twice; the keys page says it in any case.
 */
export async function remindMembers({ send, publicUrl, log }: Options, now: Date): Promise<{ letters: number }> {
  let letters = 0;
  for (const { memberId, email, entries } of await announcementsAt(now)) {
    const ours = await claimReminders(entries, now);
    if (ours.length === 0) continue;
    const result = await send(reminderLetter({ to: email, publicUrl, entries: ours, now }));
    if (result.sent) {
      letters += 1;
      await noteSent(memberId, ours, now);
    } else {
      log.warn({ memberId, keys: ours.length, reason: result.error }, "a reminder of keys could not be mailed");
      await noteFailed(ours, now);
    }
  }
  await forgetReminders(now);
  return { letters };
}
