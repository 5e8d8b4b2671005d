import type { Metadata } from "next";
import { Gate } from "@/app/_ui/gate";
import { ReportForm } from "./report-form";

export const metadata: Metadata = { title: "Report a leaked secret", robots: { index: false } };

/** For whoever found a secret where it should not be. Nobody has to be a member, or say who they are. */
export default function ReportPage() {
  return (
    <Gate
      title="Report a leaked secret"
      lead={
        <>
          Found a string that begins with <code>sk-vllm-</code> where it should not be? If it opens a key of this
          Podpass, the key is revoked at once and its owner is told.
        </>
      }
      foot="The answer is the same for every string, real or not. Programs send it to /report/secret."
    >
      <ReportForm />
    </Gate>
  );
}
