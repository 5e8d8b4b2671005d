/** Structured output compiles schemas on the pod: bounded in bytes, depth and size, whoever sends them. */
const LARGEST_SCHEMA_BYTES = 256 * 1024;
const DEEPEST_SCHEMA = 64;
const DEEPEST_BODY = 128;

/** What a schema-bearing field turns out to hold. */
export type SchemaFinding = { problem: string | null; usesPatterns: boolean };

const PATTERN_KEYS = new Set(["pattern", "regex", "grammar", "whitespace_pattern", "lark", "ebnf"]);

/**
 * Walks a field that may hold JSON schemas, without recursion. `bytes` is its length in the request.
 * A pattern is a string under a keyword that would be compiled; a *property called* `pattern` holds an object and is fine.
 */
export function inspectSchema(value: unknown, bytes: number): SchemaFinding {
  if (bytes > LARGEST_SCHEMA_BYTES)
    return { problem: `must be at most ${LARGEST_SCHEMA_BYTES / 1024} KiB.`, usesPatterns: false };
  let usesPatterns = false;
  const isShallow = walk(value, DEEPEST_SCHEMA, (key, entry) => {
    if (key === "patternProperties" || (PATTERN_KEYS.has(key) && typeof entry === "string")) usesPatterns = true;
  });
  return { problem: isShallow ? null : `must be nested at most ${DEEPEST_SCHEMA} levels deep.`, usesPatterns };
}

/** Whether a parsed body is nested no deeper than a pod's own parser survives. */
export function isShallowBody(value: unknown): boolean {
  return walk(value, DEEPEST_BODY, () => undefined);
}

/** Visits every member below `value`; false as soon as something lies deeper than `deepest`. */
export function walk(value: unknown, deepest: number, visit: (key: string, entry: unknown) => void): boolean {
  const stack: { value: object; depth: number }[] = [];
  const push = (entry: unknown, depth: number) => {
    if (entry !== null && typeof entry === "object") stack.push({ value: entry, depth });
  };
  push(value, 1);
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.depth > deepest) return false;
    if (Array.isArray(next.value)) {
      for (const entry of next.value) push(entry, next.depth + 1);
      continue;
    }
    for (const key in next.value) {
      const entry = (next.value as Record<string, unknown>)[key];
      visit(key, entry);
      push(entry, next.depth + 1);
    }
  }
  return true;
}
