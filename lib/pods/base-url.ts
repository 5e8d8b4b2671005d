import { AppError } from "../errors";

/** Names under which clouds hand out credentials to whoever asks from inside. */
const METADATA_NAMES = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.azure.internal",
  "metadata.packet.net",
  "instance-data",
  "instance-data.ec2.internal",
]);

/** True for names under which a cloud hands out credentials. */
export function isMetadataName(host: string): boolean {
  return METADATA_NAMES.has(host.toLowerCase().replace(/\.$/, ""));
}

/**
 * The address of a pod in its one stored form: http(s), no credentials, query or fragment, without a trailing slash and without
 * `/v1`. Throws `invalid_request` with a sentence for the person who typed it.
 */
export function podBaseUrl(text: string): string {
  const trimmed = text.trim();
  if (!/^https?:\/\//i.test(trimmed)) throw refused("Start the address with https:// or http://.");
  if (!URL.canParse(trimmed) || trimmed.length > 500) throw refused("This is not an address.");
  const url = new URL(trimmed);
  if (url.username !== "" || url.password !== "") throw refused("Leave name and password out of the address.");
  if (url.search !== "" || url.hash !== "") throw refused("Leave out what follows ? or # in the address.");
  if (isMetadataName(url.hostname))
    throw refused("This address belongs to the cloud's metadata service, not to a pod.");
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/v1$/, "").replace(/\/+$/, "");
}

function refused(message: string) {
  return new AppError("invalid_request", message, { param: "baseUrl" });
}
