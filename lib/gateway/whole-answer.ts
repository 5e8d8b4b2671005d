import { endOfValue } from "./json-spans";
import type { Kind } from "./routes";
import { NO_TOKENS, readUsage, type Tokens, UNKNOWN_TOKENS } from "./tokens";

/** Up to here an answer is parsed whole, which also proves that it is; beyond, only its end is read. */
const PARSED_WHOLE = 64 * 1024;
const USAGE = Buffer.from('"usage":');
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Routes that ask for no generation: whatever they cost is not told in tokens. */
const WITHOUT_TOKENS = new Set<Kind>(["tokenize", "detokenize", "count_tokens"]);

/**
 * The tokens that a whole answer tells. Null if the body is no whole answer at all; `unknown` if it tells none.
 * The body itself goes out as the pod's bytes.
 */
export function readWholeUsage(body: Buffer, kind: Kind, contentType: string): Tokens | null {
  if (body.length === 0) return null;
  if (!contentType.startsWith("application/json")) return UNKNOWN_TOKENS;
  const usage = body.length <= PARSED_WHOLE ? parsedUsage(body) : usageAtTheEnd(body);
  if (usage === null) return null;
  return WITHOUT_TOKENS.has(kind) ? NO_TOKENS : (readUsage(usage.value) ?? UNKNOWN_TOKENS);
}

function parsedUsage(body: Buffer): { value: unknown } | null {
  try {
    const answer: unknown = JSON.parse(body.toString("utf8"));
    return answer !== null && typeof answer === "object" ? { value: (answer as { usage?: unknown }).usage } : null;
  } catch {
    return null;
  }
}

/** Of a large answer (embeddings, mostly), whose length the transport has checked: parsing it would block every stream beside it. */
function usageAtTheEnd(body: Buffer): { value: unknown } | null {
  const isObject =
    body[0] === OPEN_BRACE &&
    body
      .toString("latin1", body.length - 8)
      .trimEnd()
      .endsWith("}");
  if (!isObject) return null;
  const key = body.lastIndexOf(USAGE);
  if (key === -1) return { value: undefined };
  const start = key + USAGE.length;
  const end = body[start] === OPEN_BRACE ? endOfValue(body, start) : start;
  if (end === start || body[end - 1] !== CLOSE_BRACE) return { value: undefined };
  try {
    return { value: JSON.parse(body.toString("utf8", start, end)) };
  } catch {
    return { value: undefined };
  }
}
