"use client";

import { usePathname } from "next/navigation";
import type { Refusal } from "@/lib/auth/member-action";
import { FormError } from "./field";

/** What an action refused, above its form. An ended session offers the way back in, to this very page. */
export function Refused({ refusal }: { refusal: Refusal | null }) {
  const pathname = usePathname();
  if (!refusal) return null;
  return (
    <FormError>
      {refusal.message}
      {refusal.code === "session_ended" && (
        <>
          {" "}
          <a href={`/sign-in?callbackUrl=${encodeURIComponent(pathname)}`}>Sign in</a>
        </>
      )}
    </FormError>
  );
}
