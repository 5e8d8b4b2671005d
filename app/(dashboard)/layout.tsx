import { cookies, headers } from "next/headers";
import Link from "next/link";
import type { ReactNode } from "react";
import { ClockProvider } from "@/app/_ui/clock";
import { Mark } from "@/app/_ui/mark";
import { Status } from "@/app/_ui/status";
import { THEME_COOKIE, themeOf } from "@/app/_ui/theme";
import { Toasts } from "@/app/_ui/toast";
import { ZoneProvider } from "@/app/_ui/zone";
import { isAdmin } from "@/lib/auth/member";
import { AlarmNotes } from "./_shell/alarm-notes";
import { readAlarms } from "./_shell/alarms";
import { Banners } from "./_shell/banners";
import { CommandCentre } from "./_shell/command-centre";
import { FindButton } from "./_shell/find";
import { MemberMenu } from "./_shell/member-menu";
import { navFor } from "./_shell/nav";
import { NavLinks } from "./_shell/nav-links";
import { PodLine } from "./_shell/pod-line";
import { readStanding } from "./_shell/pods";
import { TabBar } from "./_shell/tab-bar";
import { viewer } from "./_shell/viewer";

const ROLES = { OWNER: "Owner", ADMIN: "Admin", MEMBER: "Member" };

/** The frame around every signed-in page: sidebar, rail or bottom bar, the pods' state, and who is signed in. */
export default async function DashboardLayout({ children }: { children: ReactNode }) {
  const [{ member, zone, now }, standing, alarms, jar, incoming] = await Promise.all([
    viewer(),
    readStanding(),
    readAlarms(),
    cookies(),
    headers(),
  ]);
  const isMac = /Macintosh|iPhone|iPad/.test(incoming.get("user-agent") ?? "");
  const entries = navFor(member.role);
  const theme = themeOf(member, jar.get(THEME_COOKIE)?.value);
  const podsHref = entries.find(({ icon }) => icon === "pods")?.href ?? null;
  const account = { name: member.name, email: member.email, theme };
  return (
    <ZoneProvider zone={zone}>
      <ClockProvider now={now.getTime()}>
        <a className="skip-link" href="#main">
          Skip to the page
        </a>
        <div className="shell">
          <div className="side">
            <Link className="brand" href="/keys">
              <Mark />
              <span className="word">Podpass</span>
            </Link>
            <FindButton isMac={isMac} />
            <NavLinks entries={entries} />
            <PodLine standing={standing} href={podsHref} />
            <MemberMenu {...account} role={ROLES[member.role]} />
          </div>
          <header className="topbar">
            <Mark size={22} />
            <span className="word">Podpass</span>
            <span className="pod">
              <Status tone={standing.tone} glyph={standing.glyph}>
                {standing.word}
              </Status>
            </span>
            <FindButton picture />
          </header>
          <main className="main" id="main" tabIndex={-1}>
            <AlarmNotes {...alarms} />
            <Banners standing={standing} isAdmin={isAdmin(member)} />
            {children}
          </main>
          <TabBar entries={entries} account={account} />
        </div>
        <CommandCentre entries={entries} />
        <Toasts />
      </ClockProvider>
    </ZoneProvider>
  );
}
