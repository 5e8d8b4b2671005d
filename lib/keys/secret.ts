import { createHmac, hash, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";
import { SECRET_PATTERN } from "./secret-shape";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX = "sk-vllm-";
const RANDOM_LENGTH = 32;
const CHECKSUM_LENGTH = 6;

/** The pepper that new digests are made with; it is stored beside each digest. */
export const PEPPER_VERSION = 1;

/** A new secret: prefix, 190 bits from the system's generator, and a checksum. */
export function mintSecret() {
  let text = PREFIX;
  // randomInt draws again where a remainder would favour some letters.
  for (let drawn = 0; drawn < RANDOM_LENGTH; drawn += 1) text += ALPHABET[randomInt(ALPHABET.length)];
  return text + checksumOf(text);
}

/**
 * True for texts with the shape and the checksum of a secret. This is a filter before any hash or query, and a help to
 * secret scanners; it proves nothing about who is calling.
 */
export function looksLikeSecret(text: string) {
  if (!SECRET_PATTERN.test(text)) return false;
  return text.slice(-CHECKSUM_LENGTH) === checksumOf(text.slice(0, -CHECKSUM_LENGTH));
}

/** Enough to recognise a secret by: four letters of each end, which leave more than 140 bits unknown. */
export function hintOf(secret: string) {
  return `${secret.slice(0, PREFIX.length + 4)}…${secret.slice(-4)}`;
}

/**
 * What is stored and looked up instead of the secret: HMAC-SHA256 (RFC 2104) under the pepper, 32 bytes. Made of two plain
 * hashes: making and collecting one of Node's Hmac objects costs several times the hashing.
 */
export function digestOf(secret: string, pepper: Uint8Array): Buffer {
  if (secret.length > LONGEST_TEXT) return createHmac("sha256", pepper).update(secret, "latin1").digest();
  const { inner, outer } = padsOf(pepper);
  const length = inner.write(secret, BLOCK_BYTES, "latin1");
  hash("sha256", inner.subarray(0, BLOCK_BYTES + length), "buffer").copy(outer, BLOCK_BYTES);
  inner.fill(0, BLOCK_BYTES);
  return hash("sha256", outer, "buffer");
}

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** No secret is so long; what strangers send may be. */
const LONGEST_TEXT = 512;
const pads = new WeakMap<Uint8Array, { inner: Buffer; outer: Buffer }>();

/** RFC 2104's two blocks for a key of at most a block, each with room for what is hashed behind it. */
function padsOf(key: Uint8Array) {
  const known = pads.get(key);
  if (known !== undefined) return known;
  const made = { inner: Buffer.alloc(BLOCK_BYTES + LONGEST_TEXT), outer: Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES) };
  for (let at = 0; at < BLOCK_BYTES; at += 1) {
    made.inner[at] = (key[at] ?? 0) ^ 0x36;
    made.outer[at] = (key[at] ?? 0) ^ 0x5c;
  }
  pads.set(key, made);
  return made;
}

/** The CRC-32 (as in zlib) in six base62 digits, the most significant first: 62^6 is more than 2^32. */
function checksumOf(text: string) {
  let rest = crc32(text);
  let digits = "";
  for (let position = 0; position < CHECKSUM_LENGTH; position += 1) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
