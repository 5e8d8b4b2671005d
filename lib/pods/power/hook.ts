import { Agent, request } from "undici";
import { guardedLookup, namesForbiddenHost } from "../addresses";
import { problemOf } from "../ask-pod";
import type { PodProblem } from "../connection";

/** A call that starts or stops a pod's machine. Its address, headers and body may hold tokens: it is stored sealed and never shown. */
export type PodHook = { url: string; method: string; headers: Record<string, string>; body: string | null };

export type HookResult = { result: "done" | "answered" | "unreadable" | PodProblem; status: number | null };

const DEADLINE_MS = 15_000;
const LARGEST_ANSWER = 64 * 1024;

/**
 * Calls a hook once. No redirects, no forbidden addresses; of the answer only its status is kept, of a failure only a word
 * from a closed list. Never throws.
 */
export async function callHook(hook: PodHook, deadlineMs = DEADLINE_MS): Promise<HookResult> {
  if (namesForbiddenHost(hook.url)) return { result: "forbidden_address", status: null };
  const agent = new Agent({ connect: { lookup: guardedLookup, timeout: deadlineMs }, allowH2: false, pipelining: 1 });
  try {
    const { statusCode, body } = await request(hook.url, {
      dispatcher: agent,
      method: hook.method as "POST",
      headers: {
        accept: "application/json",
        "user-agent": "podpass",
        ...(hook.body !== null && { "content-type": "application/json" }),
        ...hook.headers,
      },
      body: hook.body,
      signal: AbortSignal.timeout(deadlineMs),
    });
    // The status is the answer; a body that never ends changes nothing about it.
    await body.dump({ limit: LARGEST_ANSWER, signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    if (statusCode >= 300 && statusCode < 400) return { result: "redirected", status: statusCode };
    return { result: statusCode >= 200 && statusCode < 300 ? "done" : "answered", status: statusCode };
  } catch (error) {
    return { result: problemOf(error), status: null };
  } finally {
    await agent.destroy();
  }
}
