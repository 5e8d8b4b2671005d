import { createTransport } from "mailer";
import { env } from "../env";

export type Mail = { to: string; subject: string; text: string };

/** What became of a mail. `error` is the mail server's own words, for the person who can do something about it. */
export type MailResult = { sent: true } | { sent: false; error: string };

export function isMailConfigured(): boolean {
  return env.SMTP_URL !== undefined;
}

/** `SMTP_URL?from=…`, else the user it signs in as, else a name at our own host. */
export function senderOf(smtpUrl: string, publicUrl: string): string {
  const url = new URL(smtpUrl);
  const user = decodeURIComponent(url.username);
  return url.searchParams.get("from") ?? (user.includes("@") ? user : `podpass@${new URL(publicUrl).hostname}`);
}

/** Sends one mail through `SMTP_URL`, waiting at most 15 s at each step. Never throws. */
export async function sendMail({ to, subject, text }: Mail): Promise<MailResult> {
  if (env.SMTP_URL === undefined) return { sent: false, error: "SMTP_URL is not set." };
  const from = { name: "Podpass", address: senderOf(env.SMTP_URL, env.PUBLIC_URL) };
  const url = new URL(env.SMTP_URL);
  url.searchParams.delete("from");
  const transport = createTransport({
    url: url.href,
    connectionTimeout: 15_000,
    greetingTimeout: 15_000,
    socketTimeout: 15_000,
    // A mail is text of ours: it never makes the server read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({ from, to: { name: "", address: to }, subject, text });
    return { sent: true };
  } catch (error) {
    return { sent: false, error: withoutPassword(error instanceof Error ? error.message : String(error), url) };
  } finally {
    transport.close();
  }
}

/** Some servers repeat what they were sent. */
function withoutPassword(message: string, { password }: URL) {
  if (password === "") return message;
  const plain = decodeURIComponent(password);
  return message.replaceAll(plain, "…").replaceAll(Buffer.from(plain).toString("base64"), "…");
}
