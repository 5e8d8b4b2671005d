import * as z from "zod/mini";
import { AppError } from "../errors";
import { nameField, usdField, wholeNumber } from "../keys/schema";
import { podBaseUrl } from "./base-url";

/** Clients give up after ten minutes. */
const LONGEST_HOLD_SECONDS = 600;

const id = z.uuid("This is not an id.");

const baseUrl = z.pipe(
  z.string("Enter the pod's address."),
  z.transform((text, context) => {
    try {
      return podBaseUrl(text);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      context.issues.push({ code: "custom", input: text, message: error.message });
      return z.NEVER;
    }
  }),
);

/** A key goes out in a header: printable ASCII. */
const podKey = z.pipe(
  z.pipe(
    z.string(),
    z.transform((text) => text.trim()),
  ),
  z.string().check(
    z.refine((text) => text !== "", "Enter the pod's key."),
    z.refine(
      (text) => /^[\x21-\x7e]{1,512}$/.test(text),
      "A key has up to 512 letters, digits and signs, without spaces.",
    ),
  ),
);

/** An empty field means that none was typed. */
const typedKey = z.optional(
  z.pipe(
    z.transform((given: unknown) => (typeof given === "string" && given.trim() === "" ? undefined : given)),
    z.optional(podKey),
  ),
);

/** A switch as a form sends it, or as a boolean. */
const onOrOff = z.optional(
  z.pipe(
    z.transform((given: unknown) =>
      given === "on" || given === "true" ? true : given === "" || given === "off" || given === "false" ? false : given,
    ),
    z.boolean("Use on or off."),
  ),
);

/** How long calls wait for a pod that is loading; 0 and empty: not at all. */
const seconds = z.optional(
  z.pipe(
    z.transform((given: unknown) => (given === "0" || given === 0 ? null : given)),
    wholeNumber(LONGEST_HOLD_SECONDS, String(LONGEST_HOLD_SECONDS)),
  ),
);

const fields = {
  name: nameField,
  baseUrl,
  apiKey: typedKey,
  hourlyUsd: usdField,
  weight: wholeNumber(100, "100"),
  maxInFlight: wholeNumber(10_000, "10,000"),
  behindProxy: onOrOff,
  holdSeconds: seconds,
};

/** The add form. */
export const addPodSchema = z.pipe(z.object(fields), z.transform(inMicroUsd));

/** The edit form. A key left empty stays, unless the address changes: then it goes. */
export const editPodSchema = z.pipe(
  z.object({ podId: id, ...fields, patternsAllowed: onOrOff, remoteMediaForbidden: onOrOff }),
  z.transform(inMicroUsd),
);

export const replacePodKeySchema = z.object({ podId: id, apiKey: podKey });

/** Pause, resume and remove. */
export const podIdSchema = z.object({ podId: id });

/** Test connection, for a pod that is being added or edited. */
export const testPodSchema = z.object({ podId: z.optional(id), baseUrl, apiKey: typedKey });

/** Forms speak of dollars, everything behind them of micro-dollars. */
function inMicroUsd<Form extends { hourlyUsd?: number | null | undefined }>({ hourlyUsd, ...form }: Form) {
  const price: { hourlyMicroUsd?: number | null } = hourlyUsd === undefined ? {} : { hourlyMicroUsd: hourlyUsd };
  return { ...form, ...price };
}

export type AddPod = z.output<typeof addPodSchema>;
export type EditPod = z.output<typeof editPodSchema>;
export type ReplacePodKey = z.output<typeof replacePodKeySchema>;
export type PodId = z.output<typeof podIdSchema>;
export type TestPod = z.output<typeof testPodSchema>;
