import { left } from "@/app/_ui/moments";

/** Talks to the authentication routes from the browser; their answers are in words already where they are ours. */

async function csrfToken() {
  const answer = await fetch("/api/auth/csrf", { cache: "no-store" });
  const { csrfToken: token } = (await answer.json()) as { csrfToken: string };
  return token;
}

async function post(path: string, fields: Record<string, string>) {
  const body = new URLSearchParams({ ...fields, csrfToken: await csrfToken(), json: "true" });
  return fetch(`/api/auth/${path}`, { method: "POST", body });
}

const NO_ANSWER = "Podpass did not answer. Check the connection and try again.";

/** Null when signed in; otherwise why not, for the person. */
export async function signIn(email: string, password: string): Promise<string | null> {
  try {
    const answer = await post("callback/credentials", { email, password });
    if (answer.ok) return null;
    if (answer.status === 401) return "E-mail or password is wrong.";
    const { error } = (await answer.json()) as { error?: { message: string } };
    const wait = Number(answer.headers.get("retry-after"));
    if (answer.status === 429 && wait > 0 && wait < 86_400) {
      return `E-mail or password is wrong. Too many attempts: try again in ${left(wait * 1000)}.`;
    }
    return error?.message ?? NO_ANSWER;
  } catch {
    return NO_ANSWER;
  }
}

/** Leaves for a provider's own sign-in page; resolves with words when that is not possible. */
export async function leaveFor(provider: string, callbackUrl: string): Promise<string> {
  try {
    const answer = await post(`signin/${provider}`, { callbackUrl });
    const { url } = (await answer.json()) as { url?: string };
    if (answer.ok && url && !url.includes("error=")) {
      window.location.assign(url);
      // The page goes away; until then nothing else is to be said.
      return await new Promise(() => undefined);
    }
  } catch {
    return NO_ANSWER;
  }
  return "This provider can't be reached right now. Sign in another way, or try again in a moment.";
}
