import { AppError } from "@/lib/errors";
import type { HeaderLines } from "@/lib/http/plain-request";
import type { CallerFacts } from "@/lib/keys/caller-facts";
import { digestOf } from "@/lib/keys/secret";
import { verdictOn } from "@/lib/keys/verdict";
import type { GatewayRequest } from "./client";
import { credentialOf, unknownKey } from "./credential";
import type { Route } from "./routes";

type Presented = { headers: HeaderLines } & Pick<GatewayRequest, "prove">;

type Options = {
  pepper: Uint8Array;
  /** Facts about a digest's holder; null if a healthy database knows none. */
  lookUp: (digest: Buffer) => CallerFacts | null | Promise<CallerFacts | null>;
  /** The database's clock, UTC ms. Throws `database_unavailable` while it can't be trusted. */
  dbNow: () => number;
};

/** Makes the pipeline's `authenticate` step: the caller behind a request's one credential, judged at this moment. */
export function createAuthenticate({ pepper, lookUp, dbNow }: Options) {
  /** Answers at once for callers in memory. Throws `invalid_api_key`, why a real secret is dead, or `database_unavailable`. */
  return function authenticate(request: Presented, route: Route): CallerFacts | Promise<CallerFacts> {
    if (request.prove !== undefined) return request.prove().then(lookUp).then(judge);
    const digest = digestOf(credentialOf(request.headers, route.dialect), pepper);
    const found = lookUp(digest);
    return found instanceof Promise ? found.then(judge) : judge(found);
  };

  function judge(facts: CallerFacts | null): CallerFacts {
    if (facts === null) throw unknownKey();
    const verdict = verdictOn(facts, dbNow());
    if (!verdict.ok) throw new AppError(verdict.code, verdict.message);
    return facts;
  }
}
