import { AppError } from "@/lib/errors";
import type { CallerFacts } from "@/lib/keys/caller-facts";
import { digestOf } from "@/lib/keys/secret";
import { verdictOn } from "@/lib/keys/verdict";
import type { GatewayRequest } from "./client";
import { credentialOf, unknownKey } from "./credential";
import type { CredentialGuard, Sender } from "./credential-guard";
import type { Route } from "./routes";

type Presented = Sender & Pick<GatewayRequest, "prove">;

type Options = {
  pepper: Uint8Array;
  /** Facts about a digest's holder; null if a healthy database knows none. */
  lookUp: (digest: Buffer) => CallerFacts | null | Promise<CallerFacts | null>;
  /** The database's clock, UTC ms. Throws `database_unavailable` while it can't be trusted. */
  dbNow: () => number;
  guard: CredentialGuard;
};

/** Makes the pipeline's `authenticate` step: the caller behind a request's one credential, judged at this moment. */
export function createAuthenticate({ pepper, lookUp, dbNow, guard }: Options) {
  /**
   * Answers at once for callers in memory. Throws `invalid_api_key`, why a real secret is dead, `database_unavailable`, or
   * `rate_limit_exceeded` to a source of too many that open nothing.
   */
  return function authenticate(request: Presented, route: Route): CallerFacts | Promise<CallerFacts> {
    if (request.prove !== undefined) return request.prove().then((digest) => find(request, digest));
    const digest = digestFrom(request, route);
    const held = guard.hold(request, digest);
    return held === null ? find(request, digest) : held.then(() => find(request, digest));
  };

  function digestFrom(request: Sender, route: Route) {
    try {
      return digestOf(credentialOf(request.headers, route.dialect), pepper);
    } catch (error) {
      guard.failed(request);
      throw error;
    }
  }

  function find(request: Sender, digest: Buffer) {
    const found = lookUp(digest);
    return found instanceof Promise ? found.then((facts) => judge(facts, request)) : judge(found, request);
  }

  function judge(facts: CallerFacts | null, request: Sender): CallerFacts {
    if (facts === null) {
      guard.failed(request);
      throw unknownKey();
    }
    const verdict = verdictOn(facts, dbNow());
    if (!verdict.ok) throw new AppError(verdict.code, verdict.message);
    return facts;
  }
}
