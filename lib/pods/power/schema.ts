import { isIP } from "node:net";
import * as z from "zod/mini";
import { wholeNumber } from "../../keys/schema";
import { isForbiddenAddress, namesForbiddenHost } from "../addresses";
import { isMetadataName } from "../base-url";
import type { PodHook } from "./hook";

const LONGEST_MINUTES = 10_080;
const MOST_HEADERS = 10;
const LARGEST_BODY = 16_384;

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]{1,2048}$/;
/** They belong to the connection, or would change where a call ends. */
const OWN_HEADERS = new Set(["host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te"]);

const url = z
  .string("Enter the hook's address.")
  .check(
    z.refine(isHookUrl, "Use an https:// address; http:// only for a private one, and no name or password in it."),
  );

const headers = z
  .record(z.string(), z.string("A header is text."))
  .check(
    z.refine(
      (given) =>
        Object.keys(given).length <= MOST_HEADERS &&
        Object.entries(given).every(
          ([name, value]) => HEADER_NAME.test(name) && HEADER_VALUE.test(value) && !OWN_HEADERS.has(name.toLowerCase()),
        ),
      "Headers are up to ten names, each with a line of printable text.",
    ),
  );

const hook = z.pipe(
  z.strictObject({
    url,
    method: z.optional(z.enum(["POST", "PUT", "PATCH", "GET", "DELETE"], "Use POST, PUT, PATCH, GET or DELETE.")),
    headers: z.optional(headers),
    body: z.optional(z.unknown()),
  }),
  z.transform((given, context): PodHook => {
    const method = given.method ?? "POST";
    const hasBody = given.body !== undefined && given.body !== null && method !== "GET";
    const body = hasBody ? JSON.stringify(given.body) : null;
    if (body !== null && body.length > LARGEST_BODY) {
      context.issues.push({ code: "custom", input: null, message: "A body has up to 16 KB." });
      return z.NEVER;
    }
    return { url: given.url, method, headers: given.headers ?? {}, body };
  }),
);

/** Hooks as they are typed into a command: what is left out stays, null takes one away. */
export const hooksSchema = z.strictObject({ start: z.optional(z.nullable(hook)), stop: z.optional(z.nullable(hook)) });

const onOrOff = z.optional(
  z.pipe(
    z.transform((given: unknown) =>
      given === "on" || given === "true" ? true : given === "off" || given === "false" || given === "" ? false : given,
    ),
    z.boolean("Use on or off."),
  ),
);

const minutes = z
  .optional(wholeNumber(LONGEST_MINUTES, "10,080"))
  .check(z.refine((given) => given === undefined || given === null || given >= 5, "Use 5 or more."));

/** When to wake a pod and when to stop it. */
const rules = { wakeWhenCalled: onOrOff, stopAfterMinutes: minutes };

export const editPowerSchema = z.object({
  podId: z.uuid("This is not an id."),
  start: z.optional(z.nullable(hook)),
  stop: z.optional(z.nullable(hook)),
  ...rules,
});

const text = z.optional(z.string());

/**
 * The form. An empty address keeps the hook that is stored; the authorization goes with the addresses it was typed with, never with
 * one that is stored. What a form has no fields for is typed into a command.
 */
export const powerFormSchema = z.pipe(
  z.pipe(
    z.object({
      podId: z.string(),
      startUrl: text,
      stopUrl: text,
      authorization: text,
      forget: text,
      wakeWhenCalled: z.optional(z.unknown()),
      stopAfterMinutes: z.optional(z.unknown()),
    }),
    z.transform(({ startUrl, stopUrl, authorization, forget, ...rest }, context) => {
      const headersTyped = authorization?.trim() ? { Authorization: authorization.trim() } : {};
      const typed = (param: string, address: string | undefined) => {
        if (forget === "true") return null;
        if (!address?.trim()) return undefined;
        const found = z.safeParse(hook, { url: address.trim(), headers: headersTyped });
        if (found.success) return found.data;
        const [issue] = found.error.issues;
        const path = [issue?.path[0] === "headers" ? "authorization" : param];
        context.issues.push({ code: "custom", input: null, path, message: issue?.message ?? "This is not valid." });
        return undefined;
      };
      const hooks = { start: typed("startUrl", startUrl), stop: typed("stopUrl", stopUrl) };
      // Without hooks there is nothing left for a rule to call.
      return { ...rest, ...hooks, ...(forget === "true" && { wakeWhenCalled: false, stopAfterMinutes: null }) };
    }),
  ),
  z.object({
    podId: z.uuid("This is not an id."),
    start: z.custom<PodHook | null | undefined>(() => true),
    stop: z.custom<PodHook | null | undefined>(() => true),
    ...rules,
  }),
);

export type EditPower = z.output<typeof editPowerSchema>;

function isHookUrl(typed: string): boolean {
  if (typed.length > 2_000 || !URL.canParse(typed)) return false;
  const { protocol, hostname, username, password } = new URL(typed);
  if (username !== "" || password !== "" || isMetadataName(hostname) || namesForbiddenHost(typed)) return false;
  return protocol === "https:" || (protocol === "http:" && isPrivate(hostname));
}

/** True for hosts that nobody outside reads along with: loopback and private networks, and names without a dot. */
function isPrivate(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) === 0) return !host.includes(".") || /\.(?:internal|local|lan|home\.arpa)$/.test(host);
  if (isForbiddenAddress(host)) return false;
  return /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|::1$|f[cd])/i.test(host);
}
