import { AppError } from "@/lib/errors";
import type { CallerFacts } from "@/lib/keys/caller-facts";
import type { UsageEvent } from "@/lib/usage/event";
import { Attempt, type Ending } from "./attempt";
import type { Call } from "./check";
import type { Client, GatewayRequest } from "./client";
import { type Answer, errorAnswer, refusalOf } from "./errors";
import type { Relayed } from "./forward";
import type { Place } from "./place";
import { dialectOf, type Match, type Route } from "./routes";
import { NO_TOKENS, UNKNOWN_TOKENS } from "./tokens";

/** A place at a pod, or at another one later. `release` gives it back, told the tokens really used; it is called exactly once. */
export type Admission = Pick<Place, "pod" | "release">;

/** The pipeline's steps. Each is handed in, so that a test replaces it with a line and mocks no module. */
export type Steps<Admitted extends Admission = Place> = {
  newId(): { id: string; atMs: number };
  now(): number;
  route(method: string, path: string): Match | null;
  authenticate(request: GatewayRequest, route: Route): CallerFacts | Promise<CallerFacts>;
  checkSource(request: GatewayRequest, caller: CallerFacts): string | null;
  checkCall(request: GatewayRequest, route: Route, caller: CallerFacts): Call | Promise<Call>;
  /** Routes that are answered from the pods' lists and health, without a body. */
  look(match: Match, requestId: string, caller: CallerFacts): Promise<Answer>;
  admit(attempt: Attempt, call: Call, client: Client, request: GatewayRequest): Admitted | Promise<Admitted>;
  record: {
    open(event: UsageEvent, ip: string | null): Promise<void> | void;
    final(event: UsageEvent): void;
  };
  forward(attempt: Attempt, call: Call, place: Admitted, client: Client, request: GatewayRequest): Promise<Relayed>;
  /** One wide line a request, the refused ones too. */
  log(line: LogLine): void;
};

export type LogLine = {
  requestId: string;
  path: string;
  status: number | null;
  attempt: Attempt | null;
  /** How it ended; null where nobody was let in. */
  event: UsageEvent | null;
  error: AppError | null;
};

export type Handle = (request: GatewayRequest, client: Client) => Promise<void>;

/**
 * One request's journey: route, authenticate, check, admit, forward and meter, record.
 * Never rejects: whatever is thrown on the way becomes an answer, and, once the caller is known, a row.
 */
export function createGateway<Admitted extends Admission>(steps: Steps<Admitted>): Handle {
  return async function handle(request, client) {
    const { id, atMs } = steps.newId();
    const startedAt = steps.now();
    let attempt: Attempt | null = null;
    try {
      const match = steps.route(request.method, request.path);
      if (match === null) throw new AppError("not_found", "There is no such route. GET /openapi.json lists them all.");
      const found = steps.authenticate(request, match.route);
      const caller = found instanceof Promise ? await found : found;
      attempt = new Attempt(id, atMs, startedAt, match.route, caller);
      await serve(attempt, match, request, client);
    } catch (error) {
      const refusal = refusalOf(error);
      const hasLeft = client.isGone;
      refuse(request, client, id, refusal, attempt?.limitHeaders);
      const event = attempt === null ? null : recordRefusal(attempt, refusal, hasLeft);
      steps.log({ requestId: id, path: request.path, status: refusal.answer.status, attempt, event, error: refusal });
    }
  };

  /** What need not wait goes on at once: a promise for each step would cost a plain request more than most steps do. */
  function serve(attempt: Attempt, match: Match, request: GatewayRequest, client: Client): Promise<void> {
    attempt.ip = steps.checkSource(request, attempt.caller);
    if (match.route.method === "GET") return show(attempt, match, client);
    const checked = steps.checkCall(request, match.route, attempt.caller);
    return checked instanceof Promise
      ? checked.then((call) => ask(attempt, call, request, client))
      : ask(attempt, checked, request, client);
  }

  async function show(attempt: Attempt, match: Match, client: Client) {
    const answer = await steps.look(match, attempt.id, attempt.caller);
    client.answer(answer.status, answer.headers, answer.body);
    end(attempt, {
      outcome: answer.status < 500 ? "completed" : "upstream_error",
      status: answer.status,
      tokens: NO_TOKENS,
      errorCode: null,
    });
  }

  /** From admission on, every way out passes `release` and leaves the row closed. */
  async function ask(attempt: Attempt, call: Call, request: GatewayRequest, client: Client) {
    attempt.call = call;
    const admitted = steps.admit(attempt, call, client, request);
    const place = admitted instanceof Promise ? await admitted : admitted;
    let tokens = NO_TOKENS;
    try {
      attempt.podId = place.pod.facts.id;
      // The line is in the journal before the pod is asked: a crash from here on leaves a row to close, never a gap.
      const written = steps.record.open(attempt.opening(), attempt.ip);
      if (written instanceof Promise) await written;
      const relayed = await steps.forward(attempt, call, place, client, request);
      tokens = relayed.tokens;
      settle(attempt, relayed, request, client);
    } finally {
      place.release(tokens);
    }
  }

  function settle(attempt: Attempt, relayed: Relayed, request: GatewayRequest, client: Client) {
    const { refusal, clientLeft, tokens } = relayed;
    if (clientLeft) {
      end(attempt, { outcome: "client_closed", status: relayed.status, tokens, errorCode: null });
      return;
    }
    // Null: nothing has reached the client yet, so the refusal is the answer.
    if (refusal !== null && relayed.status === null) refuse(request, client, attempt.id, refusal, attempt.limitHeaders);
    const status = relayed.status ?? refusal?.answer.status ?? null;
    end(attempt, { outcome: outcomeOf(refusal), status, tokens, errorCode: refusal?.code ?? null }, refusal);
  }

  function recordRefusal(attempt: Attempt, refusal: AppError, hasLeft: boolean) {
    const outcome = hasLeft ? "client_closed" : outcomeBeforePod(refusal);
    const tokens = attempt.askedAt === null ? NO_TOKENS : UNKNOWN_TOKENS;
    const status = hasLeft ? null : refusal.answer.status;
    const event = attempt.ending({ outcome, status, tokens, errorCode: refusal.code }, steps.now());
    steps.record.final(event);
    return event;
  }

  function end(attempt: Attempt, ending: Ending, error: AppError | null = null) {
    const event = attempt.ending(ending, steps.now());
    steps.record.final(event);
    steps.log({ requestId: attempt.id, path: attempt.route.path, status: ending.status, attempt, event, error });
  }
}

function refuse(
  request: GatewayRequest,
  client: Client,
  id: string,
  refusal: AppError,
  more?: Readonly<Record<string, string>>,
) {
  if (client.isGone) return;
  const { status, headers, body } = errorAnswer(refusal, id, dialectOf(request.path), more);
  client.answer(status, headers, body);
}

/** A pod's answer that came to nothing: the caller's own mistake, its slowness, or its failure. */
function outcomeOf(refusal: AppError | null): Ending["outcome"] {
  if (refusal === null) return "completed";
  if (refusal.code === "pod_timeout") return "timeout";
  if (STOPPED_BY_US.has(refusal.code)) return "rejected";
  return refusal.answer.status < 500 && refusal.answer.status !== 429 ? "rejected" : "upstream_error";
}

/** Ended in mid-stream because the key no longer opens anything. */
const STOPPED_BY_US = new Set<string>(["invalid_api_key", "key_expired", "key_revoked", "key_rotated", "key_disabled"]);

/** Refused before any pod was asked: by us, unless it is the pods that can't. */
function outcomeBeforePod({ code }: AppError): Ending["outcome"] {
  return code.startsWith("pod_") ? "upstream_error" : "rejected";
}
