import { text } from "node:stream/consumers";
import * as z from "zod/mini";
import { CommandError } from "./command";

/** Input by a domain's own schema. A refusal names the option at fault as it is typed. */
export function parsed<Schema extends z.core.$ZodType>(
  schema: Schema,
  fields: Record<string, unknown>,
  typedAs: Readonly<Record<string, string>>,
): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const result = z.safeParse(schema, given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = String(issue?.path[0] ?? "");
  throw new CommandError(`${typedAs[field] ?? field}: ${issue?.message ?? "is not valid"}`);
}

/** A secret from standard input, so that it stands in no history and no process list. One line end is not part of it. */
export async function secretFromStdin(option: string): Promise<string> {
  if (process.stdin.isTTY) {
    throw new CommandError(`${option} reads standard input: pipe it in, or redirect a file.`);
  }
  const typed = (await text(process.stdin)).replace(/\r?\n$/, "");
  if (typed === "") throw new CommandError(`${option}: standard input was empty.`);
  return typed;
}
