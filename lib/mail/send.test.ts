import { expect, test, vi } from "vitest";
import { mailServer } from "@/test/rig/mail-server";
import { inviteLetter } from "./letters";
import { senderOf } from "./send";

async function sendThrough(url: string) {
  vi.stubEnv("SMTP_URL", url);
  vi.resetModules();
  const { sendMail } = await import("./send");
  const at = new Date("2026-03-29T00:30:00Z");
  const link = "https://pass.example.org/invite/abc";
  return sendMail(
    inviteLetter({ to: "eve@example.org", link, expiresAt: at, host: "pass.example.org", invitedBy: "Ada" }),
  );
}

test("an invite's mail has the link, who sent it, and until when it works", async () => {
  const { url, received } = await mailServer();
  expect(await sendThrough(`${url}?from=pass@example.org`)).toEqual({ sent: true });
  const mail = received.join("");
  expect(mail).toContain("MAIL FROM:<pass@example.org>");
  for (const part of ["Ada invites you", "https://pass.example.org/invite/abc", "29 March 2026"])
    expect(mail).toContain(part);
});

test("a refusal is told in the server's own words", async () => {
  const { url } = await mailServer("550 5.7.1 Relaying denied");
  expect(await sendThrough(url)).toEqual({ sent: false, error: expect.stringContaining("Relaying denied") });
});

test("nobody listening is said too", async () => {
  expect(await sendThrough("smtp://127.0.0.1:9")).toEqual({
    sent: false,
    error: expect.stringContaining("ECONNREFUSED"),
  });
});

test.each([
  ["smtp://u:p@mail.example.org?from=pass@example.org", "pass@example.org"],
  ["smtp://ada%40example.org:p@mail.example.org", "ada@example.org"],
  ["smtp://apikey:p@mail.example.org", "podpass@pass.example.org"],
])("%s sends as %s", (url, sender) => {
  expect(senderOf(url, "https://pass.example.org")).toBe(sender);
});
