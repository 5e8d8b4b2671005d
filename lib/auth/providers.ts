import type { AuthOptions } from "next-auth";
import GitHub from "next-auth/providers/github";
import Google from "next-auth/providers/google";
import { env } from "../env";
import { normalEmail } from "./schema";

type Provider = AuthOptions["providers"][number];

const httpOptions = { timeout: 10_000 };

type GitHubEmail = { email: string; primary: boolean; verified: boolean };

/** GitHub's profile shows an address its owner chose to show; only the primary, verified one of the list is proof. */
function github(clientId: string, clientSecret: string): Provider {
  return GitHub({
    clientId,
    clientSecret,
    httpOptions,
    userinfo: {
      url: "https://api.github.com/user",
      async request({ client, tokens }) {
        const token = tokens.access_token ?? "";
        const profile = await client.userinfo(token);
        const headers = { authorization: `Bearer ${token}`, accept: "application/vnd.github+json" };
        const answer = await fetch("https://api.github.com/user/emails", {
          headers,
          signal: AbortSignal.timeout(10_000),
        });
        const emails: GitHubEmail[] = answer.ok ? await answer.json() : [];
        const proven = emails.find(({ primary, verified }) => primary && verified);
        return { ...profile, email: proven?.email, email_verified: proven !== undefined };
      },
    },
  });
}

/** Any OpenID Connect provider. Some put the address into the ID token, others only behind the userinfo address. */
function oidc(issuer: string, clientId: string, clientSecret: string): Provider {
  return {
    id: "oidc",
    name: new URL(issuer).hostname,
    type: "oauth",
    wellKnown: `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`,
    clientId,
    clientSecret,
    httpOptions,
    idToken: true,
    checks: ["pkce", "state", "nonce"],
    authorization: { params: { scope: "openid email profile" } },
    userinfo: {
      async request({ client, tokens }) {
        const claims = "claims" in tokens && typeof tokens.claims === "function" ? tokens.claims() : {};
        const more = client.issuer.metadata.userinfo_endpoint ? await client.userinfo(tokens.access_token ?? "") : {};
        // The ID token is signed for us: who it is about is its word alone.
        return { ...more, ...claims };
      },
    },
    profile: (profile) => ({ id: `${profile.iss} ${profile.sub}`, name: profile.name, email: profile.email }),
  };
}

/** A button each for what is configured. */
export function oauthProviders(): Provider[] {
  const { AUTH_GITHUB_ID, AUTH_GITHUB_SECRET, AUTH_GOOGLE_ID, AUTH_GOOGLE_SECRET } = env;
  const { AUTH_OIDC_ISSUER, AUTH_OIDC_ID, AUTH_OIDC_SECRET } = env;
  const providers: Provider[] = [];
  if (AUTH_GITHUB_ID && AUTH_GITHUB_SECRET) providers.push(github(AUTH_GITHUB_ID, AUTH_GITHUB_SECRET));
  if (AUTH_GOOGLE_ID && AUTH_GOOGLE_SECRET) {
    const [clientId, clientSecret] = [AUTH_GOOGLE_ID, AUTH_GOOGLE_SECRET];
    providers.push(Google({ clientId, clientSecret, httpOptions, checks: ["pkce", "state", "nonce"] }));
  }
  if (AUTH_OIDC_ISSUER && AUTH_OIDC_ID && AUTH_OIDC_SECRET) {
    providers.push(oidc(AUTH_OIDC_ISSUER, AUTH_OIDC_ID, AUTH_OIDC_SECRET));
  }
  return providers;
}

/** The address a provider vouches for, or null. Silence is not a yes. */
export function verifiedEmail(profile: unknown): string | null {
  if (typeof profile !== "object" || profile === null) return null;
  const { email, email_verified: isVerified } = profile as { email?: unknown; email_verified?: unknown };
  if (typeof email !== "string" || (isVerified !== true && isVerified !== "true")) return null;
  const normal = normalEmail(email);
  return /^[^\s@]+@[^\s@]+$/.test(normal) ? normal : null;
}
