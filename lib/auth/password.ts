import { hash, verify } from "@node-rs/argon2";

/** argon2id, 19 MiB, two passes, one lane: OWASP's first choice, about 40 ms here. */
const COST = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Longer ones are refused before any hashing: a hash over megabytes would be a gift to whoever wants this server busy. */
export const LONGEST_PASSWORD_BYTES = 1024;

export function isTooLong(password: string): boolean {
  return Buffer.byteLength(password) > LONGEST_PASSWORD_BYTES;
}

/** The PHC string to store. The password is taken in its composed Unicode form, so that every keyboard means the same. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize("NFC"), COST);
}

let decoy: Promise<string> | undefined;

/** Whether the password is right. Without a hash (no such member, or none set) it works as long, and the answer is no. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  if (isTooLong(password)) return false;
  decoy ??= hashPassword("nobody has this password");
  const isRight = await verify(stored ?? (await decoy), password.normalize("NFC"));
  return isRight && stored !== null;
}
