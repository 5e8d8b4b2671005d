import { AppError } from "@/lib/errors";
import type { AnswerHead } from "@/lib/http/answer-head";
import type { AnswerReader, BrokenExchange, Exchange } from "@/lib/http/connection";
import type { Connections } from "@/lib/http/connections";
import { headerLine } from "@/lib/http/request-head";
import type { AssembledCall } from "./assembled-call";
import { AssembledStream } from "./assembled-stream";
import type { Call } from "./check";
import type { Client } from "./client";
import { errorEvent } from "./errors";
import { HEARTBEAT, Heartbeat } from "./heartbeat";
import { MESSAGES, NamedStream, RESPONSES } from "./named-stream";
import { OpenAiStream } from "./openai-stream";
import { mayStillWork, refusalFromPod, refusalFromTransport, unusableAnswer } from "./pod-answer";
import { EventTooLarge } from "./sse";
import type { StreamReader } from "./stream-reader";
import { StreamRelay } from "./stream-relay";
import { NO_TOKENS, type Tokens, UNKNOWN_TOKENS } from "./tokens";
import { readWholeUsage } from "./whole-answer";

/** Where a request goes, and what opens it. */
export type Upstream = { connections: Connections; path: string; authorization: string | null };

/** How long a pod may take. All in ms. */
export type Patience = { firstByteMs: number; idleMs: number };

/** What a relayed answer came to. */
export type Relayed = {
  /** What the client got; null if nothing yet. */
  status: number | null;
  tokens: Tokens;
  /** What went wrong, if anything did. */
  refusal: AppError | null;
  clientLeft: boolean;
  /** What the pod answered; null if nothing. */
  podStatus: number | null;
  /** The pod cannot have begun to work on it: it was never reached, or did not take Podpass' key. */
  isUntouched: boolean;
};

export type Relaying = {
  requestId: string;
  call: Call;
  /** How the pod is asked for a stream where the client wants one answer; null where it is asked as the client asks. */
  assembled: AssembledCall | null;
  upstream: Upstream;
  client: Client;
  patience: Patience;
  /** Headers that the answer carries besides its own. */
  limitHeaders: Readonly<Record<string, string>>;
  traceparent: string | undefined;
  onFirstToken(): void;
};

export type Forwarding = {
  relayed: Promise<Relayed>;
  stop(refusal: AppError): void;
  /** The tokens of a stream so far; null where nothing is known before the end. */
  soFar(): Tokens | null;
  /** To be called now and then: a stream that has been quiet for `quietMs` tells its client that it is still there. */
  beat(now: number, quietMs: number): void;
};

/** W3C Trace Context, version 00: anything else a client sends there goes nowhere. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const LARGEST_WHOLE_ANSWER = 64 * 1024 * 1024;
const LARGEST_REFUSAL = 64 * 1024;
const JSON_TYPE = "content-type: application/json\r\n";

/**
 * Asks the pod and relays its answer to the client as it comes: bytes are handed on in the pod's own callbacks, without a
 * promise or a queue between. When the client can't take more, the pod's socket is paused.
 *
 * Settles exactly once and never rejects: with the tokens, and with the refusal when nothing reached the client yet,
 * which the caller then has to answer. A refusal in mid-stream was already said inside the stream.
 */
export function forward(relaying: Relaying): Forwarding {
  const answer = new PodAnswer(relaying);
  answer.ask();
  return answer;
}

/** Everything before the length: nothing of the client's own headers reaches the pod but what stands here. */
function requestHead({ call, assembled, upstream, requestId, traceparent }: Relaying): string {
  const { connections, path, authorization } = upstream;
  const accept = call.isStreamed || assembled !== null ? "text/event-stream" : "application/json";
  // Nothing compressed: a bomb would have to be unpacked, a stream would be delayed.
  let head = `POST ${path} HTTP/1.1\r\nhost: ${connections.host}\r\naccept: ${accept}\r\naccept-encoding: identity\r\nx-request-id: ${requestId}\r\n`;
  head += call.contentType === "application/json" ? JSON_TYPE : headerLine("content-type", call.contentType);
  if (authorization !== null) head += headerLine("authorization", authorization);
  if (traceparent !== undefined && TRACEPARENT.test(traceparent)) head += `traceparent: ${traceparent}\r\n`;
  return head;
}

/** One answer of the pod, in the callbacks of its connection. */
class PodAnswer implements AnswerReader, Forwarding {
  readonly relayed: Promise<Relayed>;
  private readonly relaying: Relaying;
  private settle: (relayed: Relayed) => void = () => undefined;
  private exchange: Exchange | null = null;
  private isSettled = false;
  private mode: "waiting" | "stream" | "assembly" | "whole" | "refusal" = "waiting";
  private status: number | null = null;
  private contentType = "";
  private retryAfter: string | null = null;
  private relay: StreamRelay | null = null;
  private assembly: AssembledStream | null = null;
  private reader: StreamReader | null = null;
  private heartbeat: Heartbeat | null = null;
  private readonly parts: Buffer[] = [];
  private bytes = 0;
  private hasSpoken = false;

  constructor(relaying: Relaying) {
    this.relaying = relaying;
    this.relayed = new Promise((resolve) => {
      this.settle = resolve;
    });
    relaying.client.onGone = () => this.leave();
  }

  ask() {
    const { call, assembled, client, patience, upstream } = this.relaying;
    if (client.isGone) return this.leave();
    const { firstByteMs, idleMs } = patience;
    const body = assembled === null ? call.body : assembled.body;
    const request = { head: requestHead(this.relaying), body, firstByteMs, idleMs };
    this.exchange = upstream.connections.ask(request, this);
  }

  onHead({ status, contentType, contentEncoding, retryAfter }: AnswerHead) {
    this.status = status;
    this.contentType = contentType?.toLowerCase() ?? "";
    this.retryAfter = retryAfter;
    if (contentEncoding !== null && contentEncoding.toLowerCase() !== "identity") {
      this.fail(unusableAnswer("it is compressed"));
    } else if (status !== 200) this.mode = "refusal";
    else if (this.relaying.call.isStreamed) this.beginStream();
    // A pod that knows no streams may answer whole all the same.
    else if (this.relaying.assembled !== null && isStream(this.contentType))
      this.beginAssembly(this.relaying.assembled);
    else if (isWholeType(this.contentType, this.relaying.call.route.kind === "audio")) this.mode = "whole";
    else this.fail(unusableAnswer("it is not JSON"));
  }

  private beginStream() {
    const { call, client } = this.relaying;
    if (!isStream(this.contentType)) return this.fail(unusableAnswer("it is not a stream"));
    this.mode = "stream";
    this.reader = readerFor(call);
    this.relay = new StreamRelay(this.reader);
    client.onDrain = () => this.exchange?.resume();
    // Bytes leave as they come, and no proxy on the way may hold, change or keep them.
    const headers = this.answerHeaders("text/event-stream; charset=utf-8", "no-cache, no-store, no-transform");
    headers["x-accel-buffering"] = "no";
    client.begin(200, headers);
    return true;
  }

  private beginAssembly({ assembler }: AssembledCall) {
    this.mode = "assembly";
    this.reader = readerFor(this.relaying.call);
    this.assembly = new AssembledStream(this.reader, assembler, LARGEST_WHOLE_ANSWER);
  }

  onData(chunk: Buffer) {
    if (this.isSettled) return false;
    if (this.mode === "stream") return this.relayChunk(chunk);
    if (this.assembly !== null) {
      const refusal = this.assembly.push(chunk);
      return refusal === null || this.fail(refusal);
    }
    this.bytes += chunk.length;
    // The connection's own buffer: it holds other bytes in a moment.
    this.parts.push(Buffer.from(chunk));
    const most = this.mode === "whole" ? LARGEST_WHOLE_ANSWER : LARGEST_REFUSAL;
    return (
      this.bytes <= most || this.fail(this.mode === "whole" ? unusableAnswer("it is too large") : this.podRefusal())
    );
  }

  onEnd() {
    this.exchange = null;
    if (this.isSettled) return;
    if (this.mode === "stream") this.finishStream();
    else if (this.mode === "whole") this.finishWhole();
    else if (this.assembly !== null) this.finishAssembly(this.assembly);
    else this.fail(this.podRefusal());
  }

  onError(error: BrokenExchange) {
    this.exchange = null;
    if (this.isSettled) return;
    // After its end mark a stream is complete, however the pod closes the connection.
    if (this.mode === "stream" && this.reader?.isDone) this.finishStream();
    else if (this.assembly?.reader.isDone) this.finishAssembly(this.assembly);
    else this.fail(refusalFromTransport(error), error.isUntouched);
  }

  /** Ends the answer for a reason of our own: a deadline, a revoked key, a shutdown. */
  stop(refusal: AppError) {
    if (!this.isSettled) this.fail(refusal);
  }

  soFar(): Tokens | null {
    return this.isSettled ? null : (this.reader?.tokens() ?? null);
  }

  /** Only whole events went out, so that a comment can follow. What waits for a slow client needs no company. */
  beat(now: number, quietMs: number) {
    const { client } = this.relaying;
    if (this.mode !== "stream" || this.isSettled || this.reader?.isDone || client.waitingSince !== null) return;
    this.heartbeat ??= new Heartbeat();
    if (this.heartbeat.isDue(this.bytes, now, quietMs)) client.write(HEARTBEAT);
  }

  private relayChunk(chunk: Buffer) {
    const { client, onFirstToken } = this.relaying;
    let out: string;
    try {
      out = this.relay?.push(chunk) ?? "";
    } catch (error) {
      return this.fail(
        unusableAnswer(error instanceof EventTooLarge ? "an event is too large" : "an event cannot be read"),
      );
    }
    // A pod may keep its own line warm with comments: they are no tokens.
    if (!this.hasSpoken && out.includes("data:")) {
      this.hasSpoken = true;
      onFirstToken();
    }
    this.bytes += out.length;
    const goesOn = out.length === 0 || client.write(out);
    if (this.reader?.podError !== null) return this.fail(unusableAnswer("it reported an error in its stream"));
    return goesOn;
  }

  private finishStream() {
    const { client } = this.relaying;
    const last = this.relay?.finish() ?? "";
    if (last.length > 0) client.write(last);
    if (!this.reader?.isDone) {
      this.fail(new AppError("pod_error", "The pod broke off before its answer was complete."));
      return;
    }
    client.end();
    this.close(200, this.reader.tokens(), null, false);
  }

  private finishWhole() {
    const { call, client } = this.relaying;
    const body = this.parts.length === 1 && this.parts[0] ? this.parts[0] : Buffer.concat(this.parts);
    const tokens = readWholeUsage(body, call.route.kind, this.contentType);
    if (tokens === null) {
      this.fail(unusableAnswer("its body is empty or torn"));
      return;
    }
    client.answer(200, this.answerHeaders(this.contentType, "no-store"), body);
    this.close(200, tokens, null, false);
  }

  private finishAssembly(assembly: AssembledStream) {
    const answer = assembly.finish();
    if (answer instanceof AppError) {
      this.fail(answer);
      return;
    }
    this.relaying.client.answer(200, this.answerHeaders("application/json", "no-store"), answer);
    this.close(200, assembly.reader.tokens(), null, false);
  }

  /** One literal and few additions: joining objects would cost more than all that is done to the answer itself. */
  private answerHeaders(contentType: string, cacheControl: string): Record<string, string> {
    const { call, requestId, limitHeaders } = this.relaying;
    const headers: Record<string, string> = {
      "x-request-id": requestId,
      "content-type": contentType,
      "cache-control": cacheControl,
      "x-content-type-options": "nosniff",
    };
    if (call.route.dialect === "anthropic") headers["request-id"] = requestId;
    for (const name in limitHeaders) headers[name] = limitHeaders[name] ?? "";
    return headers;
  }

  private podRefusal() {
    return refusalFromPod(this.status ?? 0, Buffer.concat(this.parts), this.retryAfter);
  }

  /** Always false: the pod's socket has nothing more to say. */
  private fail(refusal: AppError, isUntouched = this.mode === "refusal" && this.status === 401) {
    const { client, requestId, call } = this.relaying;
    if (this.mode === "stream") {
      client.write(errorEvent(refusal, requestId, call.route.dialect).toString("latin1"));
      client.end();
      this.close(200, this.reader?.tokens() ?? UNKNOWN_TOKENS, refusal, false);
    } else {
      this.close(null, this.tokensOfFailure(), refusal, isUntouched);
    }
    return false;
  }

  /** A pod that refused did no work; one that broke off, or whose proxy lost patience, may have. */
  private tokensOfFailure(): Tokens {
    if (this.assembly !== null) return this.assembly.reader.tokens();
    const mayHaveWorked = this.mode === "whole" || (this.mode === "refusal" && mayStillWork(this.status ?? 0));
    return mayHaveWorked ? UNKNOWN_TOKENS : NO_TOKENS;
  }

  /** A client that leaves with the end mark in hand has the whole answer: some close before the pod's own end comes. */
  private leave() {
    if (this.isSettled) return;
    const clientLeft = this.assembly !== null || !this.reader?.isDone;
    const tokens = this.reader?.tokens() ?? UNKNOWN_TOKENS;
    this.isSettled = true;
    const status = this.mode === "stream" ? 200 : null;
    this.settle({ status, tokens, refusal: null, clientLeft, podStatus: this.status, isUntouched: false });
    this.exchange?.abort();
  }

  private close(status: number | null, tokens: Tokens, refusal: AppError | null, isUntouched: boolean) {
    if (this.isSettled) return;
    this.isSettled = true;
    this.relaying.client.onGone = null;
    this.settle({ status, tokens, refusal, clientLeft: false, podStatus: this.status, isUntouched });
    if (refusal !== null) this.exchange?.abort();
  }
}

/** What reads a call's stream in its dialect. */
export function readerFor({ route, wish, promptEstimate, choicesPerPrompt }: Call): StreamReader {
  if (route.kind === "messages") return new NamedStream(MESSAGES, promptEstimate);
  if (route.kind === "responses") return new NamedStream(RESPONSES, promptEstimate);
  return new OpenAiStream(wish, promptEstimate, choicesPerPrompt);
}

const isStream = (contentType: string) => contentType.startsWith("text/event-stream");

function isWholeType(contentType: string, mayBeText: boolean) {
  return contentType.startsWith("application/json") || (mayBeText && contentType.startsWith("text/plain"));
}
