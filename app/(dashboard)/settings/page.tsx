import type { Metadata } from "next";
import { cookies } from "next/headers";
import { PageHead } from "@/app/_ui/page-head";
import { THEME_COOKIE, themeOf } from "@/app/_ui/theme";
import { isAdmin } from "@/lib/auth/member";
import { configuredProviders, listSessions, signInMethods } from "@/lib/auth/queries";
import { isMailConfigured } from "@/lib/mail/send";
import { getPolicy } from "@/lib/policy/queries";
import { viewer } from "../_shell/viewer";
import { FixedList } from "./fixed-list";
import { fixedValues } from "./fixed-values";
import { PasswordForm } from "./password-form";
import { PolicyForm } from "./policy-form";
import { ProfileForm } from "./profile-form";
import { SessionList } from "./session-list";
import { SignIns } from "./sign-ins";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsPage() {
  const { member, now } = await viewer();
  const [sessions, methods, policy, jar] = await Promise.all([
    listSessions(member, now),
    signInMethods(member),
    isAdmin(member) ? getPolicy() : null,
    cookies(),
  ]);
  const theme = themeOf(member, jar.get(THEME_COOKIE)?.value);
  const { name, email, timeZone } = member;
  return (
    <div className="page settings">
      <PageHead title="Settings" meta={email} />
      <div className="columns columns-even">
        <ProfileForm profile={{ name, timeZone, theme }} zones={Intl.supportedValuesOf("timeZone")} />
        <div>
          <PasswordForm email={email} hasPassword={methods.hasPassword} />
          <SignIns methods={methods} providers={configuredProviders()} />
        </div>
      </div>
      <SessionList sessions={sessions} />
      {policy && (
        <>
          <PolicyForm policy={policy} />
          <FixedList values={fixedValues()} sendsMail={isMailConfigured()} />
        </>
      )}
    </div>
  );
}
