import type { Mail } from "./send";

type About = {
  to: string;
  keyName: string;
  /** The key's page. */
  link: string;
  host: string;
};

const UNKNOWN = (link: string) =>
  `If this was you, there is nothing to do. If it wasn't, rotate or revoke the key:\n${link}`;

/** A key was used from somewhere it had not been used before. */
export function newNetworkLetter({ to, keyName, link, host, networks }: About & { networks: readonly string[] }): Mail {
  return {
    to,
    subject: `Your key ${keyName} was used from a new network`,
    text: [
      `Your key ${keyName} at ${host} was used from ${networks.join(", ")}, where it had not been used before.`,
      UNKNOWN(link),
    ].join("\n\n"),
  };
}

/** A key was used far more than usual. */
export function unusualRateLetter(about: About & { requests: number; usual: number }): Mail {
  const { to, keyName, link, host, requests, usual } = about;
  return {
    to,
    subject: `Your key ${keyName} is used far more than usual`,
    text: [
      `Your key ${keyName} at ${host} made ${requests} requests in the last hour. A usual hour of it has ${usual}.`,
      UNKNOWN(link),
    ].join("\n\n"),
  };
}

/** Somebody who holds a secret of the key said so. */
export function leakLetter({
  to,
  keyName,
  link,
  host,
  hint,
  isRevoked,
}: About & { hint: string; isRevoked: boolean }): Mail {
  return {
    to,
    subject: isRevoked ? `Your key ${keyName} was revoked: it leaked` : `An old secret of your key ${keyName} leaked`,
    text: [
      `Somebody reported that they hold the secret ${hint} of your key ${keyName} at ${host}.`,
      isRevoked
        ? "So the key was revoked at once: whatever uses it is refused from now on. Create a new key, and look where the secret may have got out."
        : "That secret had ended before, so nothing was changed. Look where it may have got out: the key's present secret may lie there too.",
      `The key's page:\n${link}`,
    ].join("\n\n"),
  };
}
