import type { Metadata } from "next";
import { ButtonLink } from "@/app/_ui/button-link";
import { Gate } from "@/app/_ui/gate";
import { Note } from "@/app/_ui/note";
import { viewInvite } from "@/lib/auth/invites";
import { configuredProviders } from "@/lib/auth/queries";
import { linkTokenSchema } from "@/lib/auth/schema";
import { optionalMember } from "@/lib/auth/session";
import { env } from "@/lib/env";
import { Moment } from "../../_gate/moment";
import { JoinForm } from "./join-form";

export const metadata: Metadata = { title: "Join" };

const ROLES = { OWNER: "an owner", ADMIN: "an admin", MEMBER: "a member" };

const OVER = {
  used: { title: "This invite was used", verb: "It let somebody in on" },
  revoked: { title: "This invite was taken back", verb: "It was revoked on" },
  expired: { title: "This invite has expired", verb: "It ended on" },
};

export default async function InvitePage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const isToken = linkTokenSchema.safeParse(token).success;
  const view = isToken ? await viewInvite(token, new Date()) : ({ state: "unknown" } as const);
  const host = new URL(env.PUBLIC_URL).host;
  if (view.state === "unknown") {
    return (
      <Gate
        title="This is no invite"
        foot="Links break when they wrap in a mail: copy the whole of it, or ask for a new one."
      >
        <ButtonLink href="/sign-in" wide>
          Sign in
        </ButtonLink>
      </Gate>
    );
  }
  if (view.state !== "open") {
    const { title, verb } = OVER[view.state];
    return (
      <Gate
        title={title}
        lead={
          <>
            {verb} <Moment at={view.at} />. It came from {view.invitedBy}, who can make a new one.
          </>
        }
      >
        <ButtonLink href="/sign-in" wide>
          Sign in
        </ButtonLink>
      </Gate>
    );
  }
  const member = await optionalMember();
  return (
    <Gate
      title={`Join ${host}`}
      lead={
        <>
          {view.invitedBy} invites you as {ROLES[view.role]}. The link works once, until <Moment at={view.expiresAt} />.
        </>
      }
    >
      <div className="rows">
        {member && (
          <Note tone="warn">
            You are signed in as {member.email}. Joining here signs you out there and makes another member.
          </Note>
        )}
        <div>
          <JoinForm token={token} email={view.email} providers={configuredProviders()} />
        </div>
      </div>
    </Gate>
  );
}
