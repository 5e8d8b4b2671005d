import type { Dispatcher } from "undici";
import { AppError } from "@/lib/errors";
import type { Call } from "./check";
import type { Client } from "./client";
import { errorEvent } from "./errors";
import { MESSAGES, NamedStream, RESPONSES } from "./named-stream";
import { OpenAiStream } from "./openai-stream";
import { refusalFromPod, refusalFromTransport, unusableAnswer } from "./pod-answer";
import { EventTooLarge } from "./sse";
import type { StreamReader } from "./stream-reader";
import { StreamRelay } from "./stream-relay";
import { NO_TOKENS, type Tokens, UNKNOWN_TOKENS } from "./tokens";
import { readWholeUsage } from "./whole-answer";

/** Where a request goes, and what opens it. */
export type Upstream = { dispatcher: Dispatcher; path: string; authorization: string | null };

/** How long a pod may take. All in ms. */
export type Patience = { firstByteMs: number; idleMs: number };

/** What a relayed answer came to. `refusal` is what went wrong, if anything did. */
export type Relayed = { status: number | null; tokens: Tokens; refusal: AppError | null; clientLeft: boolean };

export type Relaying = {
  requestId: string;
  call: Call;
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
};

/** W3C Trace Context, version 00: anything else a client sends there goes nowhere. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const LARGEST_WHOLE_ANSWER = 64 * 1024 * 1024;
const LARGEST_REFUSAL = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Asks the pod and relays its answer to the client as it comes: bytes are handed on in the pod's own callbacks, without a
 * promise or a queue between. When the client can't take more, the pod's socket is paused.
 *
 * Settles exactly once and never rejects: with the tokens, and with the refusal when nothing reached the client yet,
 * which the caller then has to answer. A refusal in mid-stream was already said inside the stream.
 */
export function forward(relaying: Relaying): Forwarding {
  let settle: (relayed: Relayed) => void = () => undefined;
  const relayed = new Promise<Relayed>((resolve) => {
    settle = resolve;
  });
  const answer = new PodAnswer(relaying, settle);
  const { call, upstream, patience, requestId, traceparent } = relaying;
  const headers = [
    "content-type",
    call.contentType,
    "accept",
    call.isStreamed ? "text/event-stream" : "application/json",
    // Nothing compressed: a bomb would have to be unpacked, a stream would be delayed.
    "accept-encoding",
    "identity",
    "x-request-id",
    requestId,
  ];
  if (upstream.authorization !== null) headers.push("authorization", upstream.authorization);
  if (traceparent !== undefined && TRACEPARENT.test(traceparent)) headers.push("traceparent", traceparent);
  upstream.dispatcher.dispatch(
    {
      method: "POST",
      path: upstream.path,
      headers,
      body: call.body,
      headersTimeout: patience.firstByteMs,
      bodyTimeout: patience.idleMs,
    },
    answer,
  );
  return { relayed, stop: (refusal) => answer.stop(refusal), soFar: () => answer.soFar() };
}

/** One answer of the pod, in undici's callbacks. */
class PodAnswer implements Dispatcher.DispatchHandler {
  private readonly relaying: Relaying;
  private readonly settle: (relayed: Relayed) => void;
  private abort: (() => void) | null = null;
  private isSettled = false;
  private mode: "waiting" | "stream" | "whole" | "refusal" = "waiting";
  private status = 0;
  private contentType = "";
  private retryAfter: string | null = null;
  private relay: StreamRelay | null = null;
  private reader: StreamReader | null = null;
  private readonly parts: Buffer[] = [];
  private bytes = 0;

  constructor(relaying: Relaying, settle: (relayed: Relayed) => void) {
    this.relaying = relaying;
    this.settle = settle;
    relaying.client.onGone = () => this.leave();
  }

  onConnect(abort: () => void) {
    this.abort = abort;
    if (this.isSettled || this.relaying.client.isGone) {
      this.leave();
      abort();
    }
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void) {
    if (status < 200) return true;
    this.status = status;
    const named = namedHeaders(rawHeaders);
    this.contentType = named.contentType;
    this.retryAfter = named.retryAfter;
    if (named.encoding !== "" && named.encoding !== "identity") return this.fail(unusableAnswer("it is compressed"));
    if (status !== 200) {
      this.mode = "refusal";
      return true;
    }
    const { call, client } = this.relaying;
    if (!call.isStreamed) {
      if (!isWholeType(this.contentType, call.route.kind === "audio"))
        return this.fail(unusableAnswer("it is not JSON"));
      this.mode = "whole";
      return true;
    }
    if (!this.contentType.startsWith("text/event-stream")) return this.fail(unusableAnswer("it is not a stream"));
    this.mode = "stream";
    this.reader = readerFor(call);
    this.relay = new StreamRelay(this.reader);
    client.onDrain = resume;
    // Bytes leave as they come, and no proxy on the way may hold, change or keep them.
    const headers = this.answerHeaders("text/event-stream; charset=utf-8", "no-cache, no-store, no-transform");
    headers["x-accel-buffering"] = "no";
    client.begin(200, headers);
    return true;
  }

  onData(chunk: Buffer) {
    if (this.isSettled) return false;
    if (this.mode === "stream") return this.relayChunk(chunk);
    this.bytes += chunk.length;
    this.parts.push(chunk);
    const most = this.mode === "whole" ? LARGEST_WHOLE_ANSWER : LARGEST_REFUSAL;
    return (
      this.bytes <= most || this.fail(this.mode === "whole" ? unusableAnswer("it is too large") : this.podRefusal())
    );
  }

  onComplete() {
    if (this.isSettled) return;
    if (this.mode === "stream") this.finishStream();
    else if (this.mode === "whole") this.finishWhole();
    else this.fail(this.podRefusal());
  }

  onError(error: Error) {
    if (this.isSettled) return;
    // After its end mark a stream is complete, however the pod closes the connection.
    if (this.mode === "stream" && this.reader?.isDone) this.finishStream();
    else this.fail(refusalFromTransport(error));
  }

  /** Ends the answer for a reason of our own: a deadline, a revoked key, a shutdown. */
  stop(refusal: AppError) {
    if (!this.isSettled) this.fail(refusal);
  }

  soFar(): Tokens | null {
    return this.isSettled ? null : (this.reader?.tokens() ?? null);
  }

  private relayChunk(chunk: Buffer) {
    const { client, onFirstToken } = this.relaying;
    let out: Buffer;
    try {
      out = this.relay?.push(chunk) ?? NOTHING;
    } catch (error) {
      return this.fail(
        unusableAnswer(error instanceof EventTooLarge ? "an event is too large" : "an event cannot be read"),
      );
    }
    if (this.bytes === 0 && out.length > 0) onFirstToken();
    this.bytes += out.length;
    const goesOn = out.length === 0 || client.write(out);
    if (this.reader?.podError !== null) return this.fail(unusableAnswer("it reported an error in its stream"));
    return goesOn;
  }

  private finishStream() {
    const { client } = this.relaying;
    const last = this.relay?.finish() ?? NOTHING;
    if (last.length > 0) client.write(last);
    if (!this.reader?.isDone) {
      this.fail(new AppError("pod_error", "The pod broke off before its answer was complete."));
      return;
    }
    client.end();
    this.close(200, this.reader.tokens(), null);
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
    this.close(200, tokens, null);
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
    return refusalFromPod(this.status, Buffer.concat(this.parts), this.retryAfter);
  }

  /** Always false: the pod's socket has nothing more to say. */
  private fail(refusal: AppError) {
    const { client, requestId, call } = this.relaying;
    if (this.mode === "stream") {
      client.write(errorEvent(refusal, requestId, call.route.dialect));
      client.end();
      this.close(200, this.reader?.tokens() ?? UNKNOWN_TOKENS, refusal);
    } else {
      // A pod that refused did no work; one that broke off may have.
      this.close(null, this.mode === "whole" ? UNKNOWN_TOKENS : NO_TOKENS, refusal);
    }
    return false;
  }

  /** A client that leaves with the end mark in hand has the whole answer: some close before the pod's own end comes. */
  private leave() {
    if (this.isSettled) return;
    const clientLeft = !this.reader?.isDone;
    const tokens = this.reader?.tokens() ?? UNKNOWN_TOKENS;
    this.isSettled = true;
    this.settle({ status: this.mode === "stream" ? 200 : null, tokens, refusal: null, clientLeft });
    this.abort?.();
  }

  private close(status: number | null, tokens: Tokens, refusal: AppError | null) {
    if (this.isSettled) return;
    this.isSettled = true;
    this.relaying.client.onGone = null;
    this.settle({ status, tokens, refusal, clientLeft: false });
    if (refusal !== null) this.abort?.();
  }
}

function readerFor({ route, wish, promptEstimate, choicesPerPrompt }: Call): StreamReader {
  if (route.kind === "messages") return new NamedStream(MESSAGES, promptEstimate);
  if (route.kind === "responses") return new NamedStream(RESPONSES, promptEstimate);
  return new OpenAiStream(wish, promptEstimate, choicesPerPrompt);
}

function isWholeType(contentType: string, mayBeText: boolean) {
  return contentType.startsWith("application/json") || (mayBeText && contentType.startsWith("text/plain"));
}

/** The few of the pod's headers that are read; none is passed on as it is. */
function namedHeaders(raw: Buffer[]) {
  const named = { contentType: "", retryAfter: null as string | null, encoding: "" };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i];
    const value = raw[i + 1];
    if (name === undefined || value === undefined) continue;
    // By length first: comparing every header's text would be the costliest thing done to most answers.
    if (name.length === 12 && isNamed(name, "content-type")) named.contentType = value.toString("latin1").toLowerCase();
    else if (name.length === 11 && isNamed(name, "retry-after")) named.retryAfter = value.toString("latin1");
    else if (name.length === 16 && isNamed(name, "content-encoding"))
      named.encoding = value.toString("latin1").toLowerCase();
  }
  return named;
}

const isNamed = (name: Buffer, wanted: string) => name.toString("latin1").toLowerCase() === wanted;
