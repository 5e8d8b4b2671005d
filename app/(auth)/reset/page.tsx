import type { Metadata } from "next";
import Link from "next/link";
import { Gate } from "@/app/_ui/gate";
import { isMailConfigured } from "@/lib/mail/send";
import { RequestForm } from "./request-form";

export const metadata: Metadata = { title: "New password" };

export default function RequestResetPage() {
  return (
    <Gate
      title="Choose a new password"
      lead={
        isMailConfigured()
          ? "We mail you a link with which you choose it."
          : "This Podpass sends no mail. Ask an admin of your team: they make a link for you under Team. Where nobody can, whoever runs it does, with: npm run podpass -- member reset EMAIL"
      }
      foot={<Link href="/sign-in">Back to sign-in</Link>}
    >
      {isMailConfigured() && <RequestForm />}
    </Gate>
  );
}
