import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../protocol";

/** Something that stands between the load and the pretended pod. */
export type Peer = {
  name: string;
  target: Target;
  /** It is a Podpass: each request it answers must have a row. */
  keepsRows?: boolean;
  stop(): Promise<void>;
};

/** What every peer is told. */
export type Surroundings = { upstreamPort: number; folder: string };

const PATIENCE_MS = 30_000;

/** Settles when a chat request through the target is answered with 200. */
export async function untilAnswers(name: string, { port, headers }: Target): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let last = "nothing listens";
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ model: "bench-model", messages: [{ role: "user", content: "ready?" }] }),
      });
      const text = await response.text();
      if (response.status === 200) return;
      last = `${response.status} ${text.slice(0, 200)}`;
    } catch {
      // Not yet.
    }
    await sleep(100);
  }
  throw new Error(`${name} does not answer: ${last}`);
}
