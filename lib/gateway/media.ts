import { isIP } from "node:net";
import { walk } from "./schema-limits";

const LARGEST_INLINE_CHARACTERS = 16 * 1024 * 1024;
const INLINE =
  /^data:(?:image\/(?:png|jpeg|jpg|gif|webp|bmp|tiff)|audio\/(?:wav|x-wav|mpeg|mp3|ogg|flac|webm|mp4|aac)|video\/(?:mp4|webm|mpeg|quicktime|jpeg)|application\/pdf|text\/plain)(?:;[\w.=-]+)*;base64,/i;

/** Names that never leave a private network, or mean the machine itself. */
const PRIVATE_NAME =
  /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|private|test|invalid|onion|arpa)$/i;

/** Members that name media in OpenAI's, vLLM's and Anthropic's shapes: a string, or an object with a `url`. */
const MEDIA_KEYS = new Set(["image_url", "video_url", "audio_url", "file_url"]);

/** Tensors, which a pod would deserialise. */
const TENSOR_TYPES = new Set(["image_embeds", "audio_embeds", "prompt_embeds"]);

export type MediaFinding = { problem: string | null; usesRemote: boolean };

/**
 * Looks at all media in a conversation. Inline data passes for known types up to 16 MB; an address passes if it is
 * http(s) to a public name (vLLM fetches it itself: no address literal in any spelling, no private name, no credentials).
 */
export function inspectMedia(conversation: unknown): MediaFinding {
  let problem: string | null = null;
  let usesRemote = false;
  const look = (address: unknown) => {
    if (typeof address !== "string") return;
    if (/^data:/i.test(address)) problem ??= inlineProblem(address);
    else {
      usesRemote = true;
      problem ??= addressProblem(address);
    }
  };
  walk(conversation, Number.POSITIVE_INFINITY, (key, entry) => {
    if (key === "type" && typeof entry === "string" && TENSOR_TYPES.has(entry)) problem ??= "must not hold embeddings.";
    if (MEDIA_KEYS.has(key)) look(isRecord(entry) ? entry.url : entry);
    if (key === "source" && isRecord(entry) && entry.type === "url") look(entry.url);
    if (key === "source" && isRecord(entry) && tooLong(entry.data)) problem ??= tooLarge();
    if (key === "input_audio" && isRecord(entry) && tooLong(entry.data)) problem ??= tooLarge();
  });
  return { problem, usesRemote };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object";
}

const tooLong = (value: unknown) => typeof value === "string" && value.length > LARGEST_INLINE_CHARACTERS;

const tooLarge = () => `holds media of more than ${LARGEST_INLINE_CHARACTERS / 1024 / 1024} MB.`;

function inlineProblem(address: string) {
  if (address.length > LARGEST_INLINE_CHARACTERS) return tooLarge();
  return INLINE.test(address.slice(0, 128)) ? null : "holds inline media of a type that is not supported.";
}

function addressProblem(address: string) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return "must name media by an https:// address or as data:….";
  }
  // URL folds every spelling of an IPv4 address (decimal, octal, hex) into dots before this looks.
  const host = url.hostname.replace(/\.$/, "");
  const isLiteral = isIP(host.replace(/^\[|\]$/g, "")) !== 0;
  const isPublicName = host.includes(".") && !PRIVATE_NAME.test(host);
  return isLiteral || !isPublicName || url.username !== "" || url.password !== ""
    ? "must name media on a public host name."
    : null;
}
