import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { optionalMember } from "@/lib/auth/session";
import { THEME_COOKIE, themeOf } from "./_ui/theme";
import { RememberZone } from "./_ui/zone";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Podpass", template: "%s · Podpass" },
  description: "Personal API keys, limits and exact usage for a team's own vLLM pod.",
  robots: { index: false, follow: false },
  referrer: "same-origin",
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fbfbf8" },
    { media: "(prefers-color-scheme: dark)", color: "#10120d" },
  ],
};

/**
 * The theme is an attribute the server writes from what the member chose or this browser's cookie, or absent, which leaves
 * the choice to the system. Both sides of each colour are in the style sheet, so the first paint is right and no script has
 * to run for it.
 */
export default async function RootLayout({ children }: { children: ReactNode }) {
  // While the database is away the page's own words say so, in the theme this browser knows.
  const [jar, member] = await Promise.all([cookies(), optionalMember().catch(() => null)]);
  const theme = themeOf(member, jar.get(THEME_COOKIE)?.value);
  return (
    <html
      lang="en"
      className={`${GeistSans.variable} ${GeistMono.variable}`}
      data-theme={theme === "system" ? undefined : theme}
    >
      <body>
        {children}
        <RememberZone />
      </body>
    </html>
  );
}
