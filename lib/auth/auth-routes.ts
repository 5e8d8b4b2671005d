import { NextRequest } from "next/server";
import NextAuth from "next-auth";
import { env } from "../env";
import { AppError, type ErrorCode } from "../errors";
import { log } from "../log";
import { callbackPath } from "./callback-path";
import { authOptions, type Journey } from "./options";
import { isOwnOrigin } from "./own-origin";
import { commonHeaders } from "./page-headers";
import { optionalMember, requestOrigin } from "./session";
import { isSecure, openSessionId, sessionCookieName } from "./session-cookie";
import type { SignInOutcome } from "./sign-in";

type Context = { params: Promise<{ nextauth: string[] }> };

/** The routes of next-auth that are open, by method. What is not listed answers 404: its session update and its client log. */
const OPEN: Record<string, readonly string[]> = {
  GET: ["csrf", "providers", "session", "signin", "signout", "callback", "error"],
  POST: ["signin", "signout", "callback"],
};

const MAX_BODY_BYTES = 256 * 1024;
const MAX_DROPPED_BYTES = 4 * 1024 * 1024;

/** Every request under `/api/auth`: ours to judge first, next-auth's to answer, ours to put into words. */
export async function handleAuth(request: NextRequest, context: Context): Promise<Response> {
  try {
    const response = await route(request, (await context.params).nextauth, context);
    const answer = new Response(response.body, response);
    if (!answer.headers.has("cache-control")) answer.headers.set("cache-control", "private, no-store");
    for (const [name, value] of Object.entries(commonHeaders(isSecure()))) answer.headers.set(name, value);
    return answer;
  } catch (error) {
    if (error instanceof AppError) return refusal(error.code, error.message, error.answer.status);
    log.error({ err: error }, "an authentication route failed");
    return unavailable();
  }
}

async function route(request: NextRequest, [action = "", provider]: string[], context: Context): Promise<Response> {
  const { method } = request;
  const isPasswords = action === "callback" && provider === "credentials";
  if (!OPEN[method === "HEAD" ? "GET" : method]?.includes(action))
    return refusal("not_found", "There is no such page.", 404);
  if (action === "session") return sessionAnswer();
  // Passwords are posted, and only they are: a provider comes back by GET.
  if (action === "callback" && isPasswords !== (method === "POST"))
    return refusal("not_found", "Method not allowed.", 405);

  const damaged = damagedCookie(request);
  if (damaged !== null) {
    const answer = refusal("invalid_request", "A cookie was damaged and has been removed. Try again.", 400);
    answer.headers.set(
      "set-cookie",
      `${damaged}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax${isSecure() ? "; Secure" : ""}`,
    );
    return answer;
  }

  const journey: Journey = {
    browser: await requestOrigin(),
    previousSessionId: await openSessionId(request.cookies.get(sessionCookieName())?.value),
    outcome: null,
    failure: null,
  };
  const clean = method === "POST" ? await cleanPost(request) : cleanGet(request);
  const response: Response = await NextAuth(clean, context, authOptions(journey));
  if (journey.failure !== null) {
    log.error({ err: journey.failure }, "a sign-in or sign-out could not be finished");
    return action === "callback" && !isPasswords ? response : unavailable();
  }
  if (!isPasswords) return response;
  // Without an outcome the password was never looked at: the form's CSRF token was missing or another browser's.
  if (journey.outcome === null)
    return refusal("forbidden", "This sign-in page is too old. Reload it and try again.", 403);
  return inWords(journey.outcome, response);
}

/** What next-auth says of a password in redirects, as statuses that programs and people can read. */
function inWords(outcome: SignInOutcome, response: Response): Response {
  if (outcome.kind === "too_long") return refusal("invalid_request", "This password is too long.", 400);
  if (outcome.kind !== "throttled") return response;
  const day = 86_400;
  const seconds = outcome.until ? Math.max(1, Math.ceil((outcome.until.getTime() - Date.now()) / 1000)) : day;
  const message = outcome.until
    ? "Too many attempts."
    : "Too many wrong passwords in a row. Ask an admin for a reset link.";
  const answer = refusal("rate_limit_exceeded", message, 429, outcome.until === null ? "AccountClosed" : "Throttled");
  answer.headers.set("retry-after", String(seconds));
  return answer;
}

function unavailable() {
  const message = "Podpass can't reach its database right now. Try again in a moment.";
  const answer = refusal("database_unavailable", message, 503, "Unavailable");
  answer.headers.set("retry-after", "5");
  return answer;
}

/** `url` is where next-auth's own client looks for the reason. */
function refusal(code: ErrorCode, message: string, status: number, error = "Refused"): Response {
  const url = `${env.PUBLIC_URL}/sign-in?error=${error}`;
  return Response.json(
    { url, error: { code, message } },
    { status, headers: { "cache-control": "private, no-store" } },
  );
}

async function sessionAnswer() {
  const member = await optionalMember();
  const user = member && { id: member.memberId, name: member.name, email: member.email, role: member.role };
  return Response.json(user ? { user } : {}, { headers: { "cache-control": "private, no-store" } });
}

/** The name of next-auth's callback cookie if its value is no address: next-auth would answer 500 for ever. */
function damagedCookie(request: NextRequest): string | null {
  const name = `${isSecure() ? "__Secure-" : ""}next-auth.callback-url`;
  const value = request.cookies.get(name)?.value;
  return value !== undefined && !(/^https?:/.test(value) && URL.canParse(value)) ? name : null;
}

/** The same address with a callback that next-auth can't stumble over. */
function cleanAddress(request: NextRequest) {
  const url = new URL(request.nextUrl.href);
  const wanted = url.searchParams.get("callbackUrl");
  if (wanted !== null) url.searchParams.set("callbackUrl", callbackPath(wanted, env.PUBLIC_URL));
  return url;
}

function cleanGet(request: NextRequest) {
  return new NextRequest(cleanAddress(request), { method: "GET", headers: request.headers });
}

/** A small form or JSON object from our own pages, as a form of plain text fields. */
async function cleanPost(request: NextRequest) {
  const { origin, host } = { origin: request.headers.get("origin"), host: request.headers.get("host") };
  const { PUBLIC_URL: publicUrl, isPublicUrlChosen } = env;
  // Programs send no Origin; they still need the CSRF token and its cookie.
  if (origin !== null && !isOwnOrigin({ origin, host, publicUrl, isPublicUrlChosen })) {
    throw new AppError("forbidden", `This request comes from another site than ${publicUrl}.`);
  }
  const fields = await readFields(request);
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.set(name, name === "callbackUrl" ? callbackPath(value, publicUrl) : value);
    if (value === true) form.set(name, "true");
  }
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/x-www-form-urlencoded");
  headers.delete("content-length");
  return new NextRequest(cleanAddress(request), { method: "POST", headers, body: form.toString() });
}

async function readFields(request: NextRequest): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json" && type !== "application/x-www-form-urlencoded") {
    throw new AppError("unsupported_media_type", "Send a form, or JSON.");
  }
  const text = await readText(request);
  if (type !== "application/json") return Object.fromEntries(new URLSearchParams(text));
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return { ...body };
  } catch {
    // Said below, like every other shape that is not an object.
  }
  throw new AppError("invalid_request", "The body is not a JSON object.");
}

/**
 * A body of at most 256 KiB. What comes beyond is read and dropped for a while: an answer before the body's end would leave
 * its rest on a connection that the next request wants to use.
 */
async function readText(request: NextRequest) {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_DROPPED_BYTES) break;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MAX_BODY_BYTES) throw new AppError("request_too_large", "This is too much for a sign-in.");
  return Buffer.concat(chunks).toString("utf8");
}
