import type { Metadata } from "next";
import type { ReactNode } from "react";
import { ButtonLink } from "@/app/_ui/button-link";
import { Gate } from "@/app/_ui/gate";
import { viewPasswordReset } from "@/lib/auth/resets";
import { linkTokenSchema } from "@/lib/auth/schema";
import { Moment } from "../../_gate/moment";
import { ResetForm } from "./reset-form";

export const metadata: Metadata = { title: "New password" };

export default async function ResetPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const isToken = linkTokenSchema.safeParse(token).success;
  const view = isToken ? await viewPasswordReset(token, new Date()) : ({ state: "unknown" } as const);
  if (view.state === "open") {
    return (
      <Gate
        title={`New password for ${view.email}`}
        lead={
          <>
            {view.madeBy ? `${view.madeBy} made this link. ` : "You asked for this link by mail. "}
            It works once, until <Moment at={view.expiresAt} />.
          </>
        }
      >
        <ResetForm token={token} email={view.email} />
      </Gate>
    );
  }
  if (view.state === "unknown")
    return <Over title="This link leads nowhere" lead="Links break when they wrap in a mail: copy the whole of it." />;
  const title = view.state === "used" ? "This link was used" : "This link has expired";
  return (
    <Over
      title={title}
      lead={
        <>
          {view.state === "used" ? "A password was chosen with it on" : "It ended on"} <Moment at={view.at} />.
        </>
      }
    />
  );
}

function Over({ title, lead }: { title: string; lead: ReactNode }) {
  return (
    <Gate title={title} lead={lead} foot="An admin can make a new link for you.">
      <ButtonLink href="/sign-in" wide>
        Sign in
      </ButtonLink>
    </Gate>
  );
}
