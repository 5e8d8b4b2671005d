import type { HeaderLines } from "@/lib/http/plain-request";
import type { Call } from "./check";

const HEADER = "x-podpass-affinity";
/** The beginning of a conversation tells it from others; what follows only grows. */
const BEGINNING = 2_048;

/**
 * What a call asks to share a pod's prefix cache with, by `x-podpass-affinity`: `prefix` for calls that begin alike (the system prompt and
 * the first message), any other word of the client's own for calls that name the same. Null: the call doesn't ask.
 */
export function affinityOf(headers: HeaderLines, { body, contentType }: Call): string | null {
  const [asked] = headers[HEADER] ?? [];
  if (asked === undefined || asked === "" || asked.length > 128) return null;
  if (asked !== "prefix") return `named ${asked}`;
  return contentType === "application/json" ? beginningOf(body) : null;
}

function beginningOf(body: Buffer): string | null {
  const fields = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  const { model, system, instructions, prompt, input, messages } = fields;
  const said = messages ?? input ?? prompt ?? null;
  const first = Array.isArray(said) ? said.slice(0, firstTurn(said)) : said;
  return [model, system, instructions, first]
    .map((part) => JSON.stringify(part ?? null).slice(0, BEGINNING))
    .join("\n");
}

/** Up to the first word that is not the system's: every later call of the conversation begins with the same. */
function firstTurn(messages: readonly unknown[]): number {
  const at = messages.findIndex((message) => {
    const role = message !== null && typeof message === "object" && "role" in message ? message.role : null;
    return role !== "system" && role !== "developer";
  });
  return at === -1 ? messages.length : at + 1;
}
