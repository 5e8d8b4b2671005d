"use client";

import { useEffect, useRef, useState } from "react";
import { CHAT_PATH, KEY_HEADER } from "@/lib/playground/address";
import { readChat, refusalOf } from "./chat-stream";
import { type Answer, bodyOf, NO_FIGURES, type Refusal, type Settings, speedOf, type Turn } from "./conversation";

/** A page is drawn this often while an answer comes, however quick the model is. */
const DRAW_MS = 50;

const UNREACHED: Refusal = {
  code: null,
  message: "The request did not arrive. Check your connection and try again.",
};

type Choice = { keyId: string; model: string; settings: Settings };

/** A conversation in this page's memory and nowhere else: leaving the page ends it. */
export function useConversation({ keyId, model, settings }: Choice) {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [isAnswering, setAnswering] = useState(false);
  const running = useRef<AbortController | null>(null);
  const lastId = useRef(0);
  const nextId = () => {
    lastId.current += 1;
    return lastId.current;
  };

  useEffect(() => () => running.current?.abort(), []);

  async function ask(asked: readonly Turn[]) {
    const stop = new AbortController();
    running.current = stop;
    setAnswering(true);
    let answer: Answer = {
      role: "assistant",
      id: nextId(),
      model,
      text: "",
      reasoning: "",
      state: "answering",
      refusal: null,
      figures: NO_FIGURES,
      requestId: null,
    };
    let drawing: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      clearTimeout(drawing);
      drawing = undefined;
      if (running.current === stop) setTurns([...asked, answer]);
    };
    const change = (news: Partial<Answer>) => {
      answer = { ...answer, ...news };
      drawing ??= setTimeout(draw, DRAW_MS);
    };
    draw();
    try {
      await receive(bodyOf(asked, model, settings), keyId, stop.signal, change, () => answer);
      if (answer.state === "answering") change({ state: "complete" });
    } catch {
      change(stop.signal.aborted ? { state: "stopped" } : { state: "failed", refusal: UNREACHED });
    }
    draw();
    if (running.current === stop) {
      running.current = null;
      setAnswering(false);
    }
  }

  return {
    turns,
    isAnswering,
    send(text: string) {
      void ask([...turns, { role: "user", id: nextId(), text }]);
    },
    /** Asks for the last answer anew, which takes the place of what came before. */
    again() {
      void ask(turns.at(-1)?.role === "assistant" ? turns.slice(0, -1) : turns);
    },
    stop() {
      running.current?.abort();
    },
    clear() {
      running.current?.abort();
      running.current = null;
      setAnswering(false);
      setTurns([]);
    },
  };
}

type Change = (news: Partial<Answer>) => void;

/** Sends a request and hands over what comes back, as it comes. Rejects when it is stopped or nothing arrives. */
async function receive(body: object, keyId: string, signal: AbortSignal, change: Change, now: () => Answer) {
  const startedAt = performance.now();
  const response = await fetch(CHAT_PATH, {
    method: "POST",
    headers: { "content-type": "application/json", [KEY_HEADER]: keyId },
    body: JSON.stringify(body),
    cache: "no-store",
    signal,
  });
  change({ requestId: response.headers.get("x-request-id") });
  if (!response.ok || response.body === null) {
    change({ state: "failed", refusal: await refusalOf(response) });
    return;
  }
  let firstAt: number | null = null;
  for await (const piece of readChat(response.body)) {
    const at = performance.now();
    if (firstAt === null && (piece.text !== "" || piece.reasoning !== "")) firstAt = at;
    const { text, reasoning, figures } = now();
    const usage = piece.usage ?? figures;
    change({
      text: text + piece.text,
      reasoning: reasoning + piece.reasoning,
      figures: {
        promptTokens: usage.promptTokens,
        completionTokens: usage.completionTokens,
        ttftMs: firstAt === null ? null : firstAt - startedAt,
        tokensPerSecond:
          piece.text || piece.reasoning ? speedOf(usage.completionTokens, firstAt, at) : figures.tokensPerSecond,
      },
      ...(piece.finish === "length" ? { state: "cut" as const } : {}),
      ...(piece.refusal === null ? {} : { state: "failed" as const, refusal: piece.refusal }),
    });
  }
}
