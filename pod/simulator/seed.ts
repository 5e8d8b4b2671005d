const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A 32-bit hash (FNV-1a over UTF-16 units). Chain calls by handing the last result in as `from`. */
export function hashText(text: string, from: number = FNV_OFFSET): number {
  let hash = from;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  return hash >>> 0;
}

/** Numbers in [0, 1) that depend on nothing but the seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `length` hexadecimal characters that depend on the seed alone. */
export function hexFrom(seed: number, length: number): string {
  const next = randomFrom(seed);
  let hex = "";
  while (hex.length < length) {
    hex += Math.floor(next() * 4_294_967_296)
      .toString(16)
      .padStart(8, "0");
  }
  return hex.slice(0, length);
}
