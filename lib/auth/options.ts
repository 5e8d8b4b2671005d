import type { AuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { env } from "../env";
import { log } from "../log";
import { callbackPath } from "./callback-path";
import { takeIntent } from "./intent";
import { type Visitor, welcomeVisitor } from "./provider-sign-in";
import { oauthProviders, verifiedEmail } from "./providers";
import {
  isSecure,
  LIFETIME_MS,
  sessionCookieName,
  sessionCookieOptions,
  sessionIdIn,
  sessionSecret,
} from "./session-cookie";
import { type Browser, endSession, findLiveSession, replaceSession } from "./sessions";
import { type SignInOutcome, signInWithPassword } from "./sign-in";

// next-auth takes its own address from this variable alone; without it, it would believe the request's Host.
// biome-ignore lint/style/noProcessEnv: written, not read; `lib/env` stays the only reader
process.env.NEXTAUTH_URL = env.PUBLIC_URL;

/** What one request's way through next-auth came to: it answers with a redirect whatever happened, we want to say more. */
export type Journey = {
  browser: Browser;
  /** The session whose cookie the browser came with. */
  previousSessionId: string | null;
  outcome: SignInOutcome | null;
  /** What went wrong on our side, so that it is not mistaken for a refusal. */
  failure: unknown;
};

const REASONS = {
  no_account: "NoAccount",
  unverified: "Unverified",
  disabled: "NoAccount",
  other_member: "OtherMember",
  invite_refused: "InviteRefused",
} as const;

const signInPage = (error: string) => `${env.PUBLIC_URL}/sign-in?error=${error}`;

/** next-auth's options for one request. Its pages, adapter and account linking stay unused; the session is our own row. */
export function authOptions(journey: Journey): AuthOptions {
  const now = new Date();
  return {
    secret: sessionSecret(),
    useSecureCookies: isSecure(),
    session: { strategy: "jwt", maxAge: LIFETIME_MS / 1000 },
    cookies: { sessionToken: { name: sessionCookieName(), options: sessionCookieOptions() } },
    pages: { signIn: "/sign-in", signOut: "/sign-in", error: "/sign-in" },
    providers: [passwords(journey, now), ...oauthProviders()],
    callbacks: {
      redirect: ({ url }) => `${env.PUBLIC_URL}${callbackPath(url, env.PUBLIC_URL)}`,

      async signIn({ account, profile }) {
        if (account?.type === "credentials") return journey.outcome?.kind === "signed_in";
        if (!account) return false;
        try {
          const visitor = visitorOf(account, profile);
          const welcome = await welcomeVisitor(visitor, await intentOf(journey, now), journey.browser.ip, now);
          if (welcome.kind === "refused") return signInPage(REASONS[welcome.reason]);
          journey.outcome = welcome;
          return true;
        } catch (error) {
          journey.failure = error;
          return signInPage("Unavailable");
        }
      },

      /** Runs at sign-in only, since no other route that calls it is open. The cookie carries the row's id and nothing else. */
      async jwt({ trigger }) {
        if (trigger === "update" || journey.outcome?.kind !== "signed_in") throw new Error("nobody signed in");
        const { memberId } = journey.outcome;
        return { sid: await replaceSession(memberId, journey.previousSessionId, journey.browser, now) };
      },
    },
    events: {
      async signOut({ token }) {
        const sessionId = sessionIdIn(token);
        if (sessionId === null) return;
        await endSession(sessionId, now).catch((error) => {
          journey.failure = error;
        });
      },
    },
    logger: {
      error: (code, metadata) => {
        const error = metadata instanceof Error ? metadata : metadata.error;
        log.warn({ code, reason: error?.message }, "sign-in through a provider failed");
      },
      warn: (code) => log.debug({ code }, "next-auth warns"),
      debug: () => undefined,
    },
  };
}

function passwords(journey: Journey, now: Date) {
  return Credentials({
    credentials: { email: { type: "email" }, password: { type: "password" } },
    async authorize(given) {
      const { email = "", password = "" } = given ?? {};
      try {
        journey.outcome = await signInWithPassword({ email, password }, journey.browser, now);
      } catch (error) {
        // Thrown on, its message would end up in an address.
        journey.failure = error;
      }
      return journey.outcome?.kind === "signed_in" ? { id: journey.outcome.memberId } : null;
    },
  });
}

/** Connecting is for who is signed in here and now, not for who was when the intent was kept. */
async function intentOf({ previousSessionId }: Journey, now: Date) {
  const intent = await takeIntent();
  if (intent === null || !("connect" in intent)) return intent;
  const session = previousSessionId === null ? null : await findLiveSession(previousSessionId, now);
  return session?.user.id === intent.connect ? intent : null;
}

function visitorOf(account: { provider: string; providerAccountId: string }, profile: unknown): Visitor {
  const email = verifiedEmail(profile);
  const { name } = (profile ?? {}) as { name?: unknown };
  const shown = typeof name === "string" ? name.replace(/\p{C}/gu, "").trim().slice(0, 64) : "";
  return { provider: account.provider, accountId: account.providerAccountId, email, name: shown };
}
