const TEETH = 6;
const DEPTHS = 5;

/** Six depths from 0 to 4: the digits, base 5, of a 32-bit FNV-1a of the hint. */
export function teethOf(hint: string): number[] {
  let hash = 0x811c9dc5;
  for (let index = 0; index < hint.length; index++) {
    hash = Math.imul(hash ^ hint.charCodeAt(index), 0x01000193) >>> 0;
  }
  return Array.from({ length: TEETH }, (_, place) => Math.floor(hash / DEPTHS ** place) % DEPTHS);
}
