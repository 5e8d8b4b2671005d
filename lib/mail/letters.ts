import type { Announced } from "../keys/reminders/queries";
import type { Mail } from "./send";

/** Times in letters are UTC and say so: a letter is read anywhere. */
function inWords(at: Date) {
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return `${day.format(at)} UTC`;
}

type Link = { to: string; link: string; expiresAt: Date; host: string };

export function inviteLetter({ to, link, expiresAt, host, invitedBy }: Link & { invitedBy: string }): Mail {
  return {
    to,
    subject: `Your invitation to ${host}`,
    text: [
      `${invitedBy} invites you to Podpass at ${host}, where you get your own API key to the team's models.`,
      `Join here:\n${link}`,
      `The link works once, until ${inWords(expiresAt)}.`,
    ].join("\n\n"),
  };
}

export function resetLetter({ to, link, expiresAt, host }: Link): Mail {
  return {
    to,
    subject: `Choose a new password for ${host}`,
    text: [
      `Somebody, probably you, asked for a new password for Podpass at ${host}.`,
      `Choose it here:\n${link}`,
      `The link works once, until ${inWords(expiresAt)}. If it wasn't you, do nothing: your password stays as it is.`,
    ].join("\n\n"),
  };
}

type Reminder = { to: string; publicUrl: string; entries: readonly Announced[]; now: Date };

/** Keys that end or are to be rotated soon: which, when, and where to do something about it. */
export function reminderLetter({ to, publicUrl, entries, now }: Reminder): Mail {
  const sorted = entries.toSorted((a, b) => a.deadline.at.getTime() - b.deadline.at.getTime());
  const [first] = sorted;
  const { host } = new URL(publicUrl);
  return {
    to,
    subject:
      sorted.length === 1 && first
        ? `Your key ${first.keyName} ${first.deadline.kind === "expiry" ? "expires" : "is to be rotated"} ${inDays(first, now)}`
        : `${sorted.length} of your keys on ${host} need you soon`,
    text: sorted
      .map((entry) => {
        const when = `${inDays(entry, now)}, on ${inWords(entry.deadline.at)}`;
        const link = `${publicUrl}/keys/${entry.keyId}`;
        return entry.deadline.kind === "expiry"
          ? `Your key ${entry.keyName} expires ${when}. Programs that still use it then fail.\n${link}`
          : `Your key ${entry.keyName} is to be rotated ${when}. Until you rotate it, it goes on working.\n${link}`;
      })
      .concat(`Podpass at ${host} says this 14, 3 and 1 days ahead.`)
      .join("\n\n"),
  };
}

/** `in 3 days`; the last day counts hours. */
function inDays({ deadline }: Announced, now: Date) {
  const hours = Math.max(1, Math.round((deadline.at.getTime() - now.getTime()) / 3_600_000));
  if (hours < 36) return `in ${hours} ${hours === 1 ? "hour" : "hours"}`;
  return `in ${Math.round(hours / 24)} days`;
}

export function testLetter({ to, host }: Pick<Link, "to" | "host">): Mail {
  return { to, subject: `Test mail from ${host}`, text: `Podpass at ${host} can send mail.` };
}
