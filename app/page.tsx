import { redirect } from "next/navigation";
import { HOME } from "@/lib/auth/callback-path";

/** Nobody stays here: members go to their keys, everybody else has been sent to sign-in. */
export default function HomePage() {
  redirect(HOME);
}
