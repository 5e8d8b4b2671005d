import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { Gate } from "@/app/_ui/gate";
import { Note } from "@/app/_ui/note";
import { callbackPath } from "@/lib/auth/callback-path";
import { isFresh } from "@/lib/auth/owner";
import { configuredProviders } from "@/lib/auth/queries";
import { optionalMember } from "@/lib/auth/session";
import { env } from "@/lib/env";
import { ProviderButtons } from "../_gate/provider-buttons";
import { SignInForm } from "./sign-in-form";

export const metadata: Metadata = { title: "Sign in" };

/** Why somebody comes back from a provider without being signed in. Other values, which anybody may write into the address, say nothing. */
const REASONS: Record<string, string> = {
  NoAccount: "Nobody here has the e-mail address of that account. Ask an admin for an invite link.",
  Unverified:
    "That provider does not say that your e-mail address is verified. Verify it there, or sign in another way.",
  OtherMember: "That account belongs to another member here.",
  InviteRefused: "The invite is for another e-mail address, or the team's policy does not allow that address.",
  Unavailable: "Podpass can't reach its database right now. Try again in a moment.",
  OAuthSignin: "That provider can't be reached right now. Sign in another way, or try again in a moment.",
  OAuthCallback: "Signing in there did not finish. Try again.",
  Callback: "Signing in there did not finish. Try again.",
};

type Search = { callbackUrl?: string | string[]; error?: string | string[] };

export default async function SignInPage({ searchParams }: { searchParams: Promise<Search> }) {
  const { callbackUrl, error } = await searchParams;
  const path = callbackPath(callbackUrl, env.PUBLIC_URL);
  if (await optionalMember()) redirect(path);
  if (await isFresh()) redirect("/setup");
  const reason = typeof error === "string" && Object.hasOwn(REASONS, error) ? REASONS[error] : undefined;
  return (
    <Gate
      title={`Sign in to ${new URL(env.PUBLIC_URL).host}`}
      foot="No account? Ask whoever runs this Podpass for an invite link."
    >
      <div className="rows">
        {reason && (
          <Note tone="danger" role="alert">
            {reason}
          </Note>
        )}
        <SignInForm callbackPath={path} />
      </div>
      <ProviderButtons providers={configuredProviders()} callbackPath={path} />
    </Gate>
  );
}
