import { endOfValue } from "./json-spans";
import type { Kind } from "./routes";
import { NO_TOKENS, readUsage, type Tokens, UNKNOWN_TOKENS } from "./tokens";

/** Up to here an answer whose end is unusual is parsed whole; beyond, parsing it would block every stream beside it. */
const PARSED_WHOLE = 64 * 1024;
const USAGE = Buffer.from('"usage":');
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;

/** Routes that ask for no generation: whatever they cost is not told in tokens. */
const WITHOUT_TOKENS = new Set<Kind>(["tokenize", "detokenize", "count_tokens"]);

/**
 * The tokens that a whole answer tells. Null if the body is no whole answer at all; `unknown` if it tells none.
 * The body itself goes out as the pod's bytes.
 */
export function readWholeUsage(body: Buffer, kind: Kind, contentType: string): Tokens | null {
  if (body.length === 0) return null;
  if (!contentType.startsWith("application/json")) return UNKNOWN_TOKENS;
  const usage = usageBeforeTheEnd(body) ?? (body.length <= PARSED_WHOLE ? parsedUsage(body) : usageAtTheEnd(body));
  if (usage === null) return null;
  return WITHOUT_TOKENS.has(kind) ? NO_TOKENS : (readUsage(usage.value) ?? UNKNOWN_TOKENS);
}

/**
 * As vLLM writes it: `usage` at the top level with nothing but a few small members behind it. Null for any other form. That
 * the answer came whole is the transport's to say.
 */
function usageBeforeTheEnd(body: Buffer): { value: unknown } | null {
  if (body[0] !== OPEN_BRACE) return null;
  const key = body.lastIndexOf(USAGE);
  const start = key + USAGE.length;
  if (key === -1 || body[key - 1] !== COMMA || body[start] !== OPEN_BRACE) return null;
  const end = endOfValue(body, start);
  if (body[end - 1] !== CLOSE_BRACE || !endsObject(body, end)) return null;
  try {
    return { value: JSON.parse(body.toString("utf8", start, end)) };
  } catch {
    return null;
  }
}

/** Whether only members of the object that holds `body[from]` follow, and then its end, which is the answer's. */
function endsObject(body: Buffer, from: number) {
  let at = from;
  while (body[at] === COMMA) {
    if (body[at + 1] !== QUOTE) return false;
    const colon = endOfValue(body, at + 1);
    if (body[colon] !== COLON) return false;
    at = endOfValue(body, colon + 1);
  }
  return body[at] === CLOSE_BRACE && at === body.length - 1;
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
