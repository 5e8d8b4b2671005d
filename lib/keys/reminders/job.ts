import { env } from "../../env";
import { log } from "../../log";
import { sendMail } from "../../mail/send";
import { remindMembers } from "./remind";

const FIRST_AFTER_MS = 20_000;
const EVERY_MS = 10 * 60_000;

/** Looks every ten minutes whom to tell of their keys' dates. Does nothing where there is no mail server or no database. */
export function keepReminding(): void {
  if (env.SMTP_URL === undefined || env.DATABASE_URL === undefined) return;
  const options = { send: sendMail, publicUrl: env.PUBLIC_URL, log };
  const round = async () => {
    await remindMembers(options, new Date()).catch((err: unknown) =>
      log.warn({ err }, "who is to be reminded of their keys could not be looked up; the next round tries again"),
    );
    setTimeout(round, EVERY_MS).unref();
  };
  setTimeout(round, FIRST_AFTER_MS).unref();
}
