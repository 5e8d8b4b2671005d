import { expect, test } from "vitest";
import { readAnswerHead } from "@/lib/http/answer-head";
import type { AnswerReader } from "@/lib/http/connection";
import type { Connections } from "@/lib/http/connections";
import type { Call } from "./check";
import type { Client } from "./client";
import { forward } from "./forward";
import { ROUTES } from "./routes";

/** A call under way to a pod of which the test plays every part, and a client that only listens. */
function ask() {
  let reader: AnswerReader | null = null;
  let isAborted = false;
  let firstTokens = 0;
  const client: Client = {
    isGone: false,
    waitingSince: null,
    onGone: null,
    onDrain: null,
    begin: () => undefined,
    write: () => true,
    end: () => undefined,
    answer: () => undefined,
    cut: () => undefined,
  };
  const connections = {
    host: "pod",
    ask: (_: unknown, given: AnswerReader) => {
      reader = given;
      return {
        abort: () => {
          isAborted = true;
        },
        resume: () => undefined,
      };
    },
  } as unknown as Connections;
  const call = {
    route: ROUTES[0],
    isStreamed: true,
    wish: { include: false, continuous: false },
    body: Buffer.alloc(0),
    contentType: "application/json",
    promptEstimate: 0,
    choicesPerPrompt: 1,
  } as unknown as Call;
  const { relayed } = forward({
    requestId: "id",
    call,
    assembled: null,
    upstream: { connections, path: "/v1/chat/completions", authorization: null },
    client,
    patience: { firstByteMs: 1_000, idleMs: 1_000 },
    limitHeaders: {},
    traceparent: undefined,
    onFirstToken: () => {
      firstTokens += 1;
    },
  });
  const heard = reader as AnswerReader | null;
  heard?.onHead(readAnswerHead("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream"));
  const say = (text: string) => heard?.onData(Buffer.from(text));
  return { relayed, client, say, isAborted: () => isAborted, firstTokens: () => firstTokens };
}

const CHUNK = 'data: {"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\n';

test("a client that leaves in mid-stream ends the pod's work, and its tokens so far are known", async () => {
  const { relayed, client, say, isAborted } = ask();
  say(CHUNK);
  client.onGone?.();
  expect(await relayed).toMatchObject({ clientLeft: true, status: 200, tokens: { prompt: 3, completion: 1 } });
  expect(isAborted()).toBe(true);
});

test("a client that leaves once it has the end mark has the whole answer", async () => {
  const { relayed, client, say } = ask();
  say(`${CHUNK}data: [DONE]\n\n`);
  client.onGone?.();
  expect(await relayed).toMatchObject({ clientLeft: false, refusal: null, tokens: { source: "measured" } });
});

test("the first token is the pod's first event, not a comment that it sends while it has nothing to say", () => {
  const { say, firstTokens } = ask();
  say(": keep-alive\n\n");
  say(": keep-alive\n\n");
  expect(firstTokens()).toBe(0);
  say(`: keep-alive\n\n${CHUNK}`);
  say(CHUNK);
  expect(firstTokens()).toBe(1);
});
