import { createKnownDigests } from "@/lib/abuse/known-digests";
import { sourceOf } from "@/lib/abuse/network";
import { createTries } from "@/lib/abuse/tries";
import { clientAddress } from "@/lib/client-address";
import { AppError } from "@/lib/errors";
import type { Checkable } from "./check";

/** Who sends a credential: the part of a request that says so. */
export type Sender = Pick<Checkable, "headers" | "peerIp">;

/** What `authenticate` asks before a secret costs a query, and tells when one opened nothing. */
export type CredentialGuard = {
  /** Null, nearly always: go on. Otherwise resolves when the secret may be looked up, and rejects `rate_limit_exceeded` where it may not. */
  hold(sender: Sender, digest: Buffer): Promise<void> | null;
  /** Takes note of a credential that is none of ours. A request without one tried nothing. */
  failed(sender: Sender): void;
};

type Options = {
  trustedProxies: readonly string[];
  /** Whether a digest's holder, or that there is none, is in memory at this moment. */
  isInMemory: (digest: Buffer) => boolean;
  /** The first bytes of every digest there is, in latin1. */
  loadDigests: (bytes: number, most: number) => Promise<readonly string[]>;
  /** A source went over the limit: once an hour each. */
  onFlood: (source: string, failures: number) => void;
  /** Monotonic ms. */
  now?: () => number;
};

/** As long as a secret that was made this moment may be missing from the list. */
const RETRY_AFTER_SECONDS = 10;

/**
 * Stands between strangers who guess and the database. A source with too many failures lately gets a string looked up only if it
 * is on the list of all secrets there are, so that whoever guesses behind the same address as others shuts out none of them.
 */
export function createCredentialGuard(options: Options) {
  const { trustedProxies, isInMemory, loadDigests, onFlood, now = () => performance.now() } = options;
  const tries = createTries({ now, onFlood });
  const known = createKnownDigests({ load: loadDigests, now });
  let heldBack = 0;

  function sourceFor({ headers, peerIp }: Sender) {
    const forwardedFor = headers["x-forwarded-for"]?.join(",");
    const address = clientAddress({ peer: peerIp, forwardedFor, trusted: trustedProxies });
    return address === null ? null : sourceOf(address);
  }

  function failed(sender: Sender) {
    if (sender.headers.authorization === undefined && sender.headers["x-api-key"] === undefined) return;
    // An address that nobody knows is not one address: counted together, one stranger would be everybody.
    const source = sourceFor(sender);
    if (source !== null) tries.count(source);
  }

  async function demandKnown(digest: Buffer, source: string) {
    if (await known.has(digest)) return;
    heldBack += 1;
    tries.count(source);
    throw new AppError(
      "rate_limit_exceeded",
      "Too many API keys from your network open nothing, so this one was not looked up. Keys that work go on working.",
      { retryAfterSeconds: RETRY_AFTER_SECONDS },
    );
  }

  const guard: CredentialGuard = {
    hold(sender, digest) {
      if (tries.isQuiet()) return null;
      const source = sourceFor(sender);
      if (source === null || !tries.isOver(source) || isInMemory(digest)) return null;
      return demandKnown(digest, source);
    },
    failed,
  };

  return {
    ...guard,
    keyChanged: known.keyChanged,
    stats: () => ({ heldBack, sources: tries.countOver() }),
  };
}
