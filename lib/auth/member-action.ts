import { headers } from "next/headers";
import * as z from "zod/mini";
import { env } from "../env";
import { AppError, type ErrorCode } from "../errors";
import { isOwnOrigin } from "./own-origin";
import { requireAdmin, requireMember, type SignedIn } from "./session";

export type Refusal = {
  ok: false;
  message: string;
  /** Why, for code that has to tell refusals apart: `session_ended`, `conflict` … */
  code: ErrorCode;
  /** What is wrong with which field. */
  fields?: Record<string, string[] | undefined>;
};

/** What an action answers: its value, or a refusal in words for the person. */
export type ActionResult<T> = { ok: true; value: T } | Refusal;

/** A form's fields as an object: text, and a list where a name appears more than once. Files and what Next adds are left out. */
export function formValues(form: FormData): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  for (const name of new Set(form.keys())) {
    if (name.startsWith("$ACTION") || name === "__proto__") continue;
    const texts = form.getAll(name).filter((value) => typeof value === "string");
    const [first] = texts;
    if (first !== undefined) values[name] = texts.length === 1 ? first : texts;
  }
  return values;
}

/** Refuses what cannot show that it comes from our own pages. */
export async function requireOwnOrigin() {
  const incoming = await headers();
  const { PUBLIC_URL: publicUrl, isPublicUrlChosen } = env;
  const asked = { origin: incoming.get("origin"), host: incoming.get("host"), publicUrl, isPublicUrlChosen };
  if (isOwnOrigin(asked)) return;
  throw new AppError(
    "forbidden",
    `This page is open at another address than Podpass's own. Open ${publicUrl} instead.`,
  );
}

/**
 * Runs an action: our own origin, then who acts, then what they sent. What is refused on purpose becomes a value, everything
 * else stays an error.
 */
export async function answer<Who, Schema extends z.core.$ZodType, T>(
  form: FormData,
  prove: () => Promise<Who>,
  schema: Schema,
  run: (who: Who, input: z.output<Schema>) => Promise<T>,
): Promise<ActionResult<T>> {
  try {
    await requireOwnOrigin();
    const who = await prove();
    const input = z.safeParse(schema, formValues(form));
    if (!input.success) return fieldsRefused(z.flattenError(input.error));
    return { ok: true, value: await run(who, input.data) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error; // a bug, or Next's own redirect
    const fields = error.param === null ? {} : { fields: { [error.param]: [error.message] } };
    return { ok: false, code: error.code, message: error.message, ...fields };
  }
}

function fieldsRefused(flat: { formErrors: string[]; fieldErrors: Refusal["fields"] }): Refusal {
  const message = flat.formErrors[0] ?? "Some fields need another look.";
  return { ok: false, code: "invalid_request", message, fields: flat.fieldErrors };
}

type Run<Schema extends z.core.$ZodType, T> = (actor: SignedIn, input: z.output<Schema>, now: Date) => Promise<T>;

function actionFor(prove: () => Promise<SignedIn>) {
  return <Schema extends z.core.$ZodType, T>(schema: Schema, run: Run<Schema, T>) =>
    async (_last: ActionResult<T> | null, form: FormData): Promise<ActionResult<T>> =>
      answer(form, prove, schema, (actor, input) => run(actor, input, new Date()));
}

/**
 * What every server action needs: our own origin, a signed-in member, parsed input, the time, and refusals returned as
 * values. An action is a public endpoint whatever page shows it, so this is the only way to write one.
 */
export const memberAction = actionFor(requireMember);

/** The same for owners and admins. */
export const adminAction = actionFor(requireAdmin);
