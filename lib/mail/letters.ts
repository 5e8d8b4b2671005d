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

export function testLetter({ to, host }: Pick<Link, "to" | "host">): Mail {
  return { to, subject: `Test mail from ${host}`, text: `Podpass at ${host} can send mail.` };
}
