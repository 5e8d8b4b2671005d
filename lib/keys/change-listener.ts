import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

const CHANNEL = "podpass_keys";
const DEADLINE_MS = 3_000;
/** A connection that died without a word is noticed by asking. */
const HEARTBEAT_MS = 5_000;
const HEARING_MS = 2_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3_000;
/** Where notices can't arrive, another attempt is made this often. */
const DEAF_PAUSE_MS = 60_000;

type Options = {
  connectionString: string;
  /** Called for each notice, in the order of commits. */
  onNotice: (payload: string) => void;
  /** Called when notices arrive from now on, and when they no longer do. */
  onListening: () => void;
  onLost: (reason: "broken" | "deaf") => void;
  /** Sends a notice over another connection. */
  notify: (payload: string) => Promise<void>;
};

export type ChangeListener = { stop: () => Promise<void> };

/**
 * Listens for key changes over a connection of its own, and connects again whenever it breaks or falls silent. After each
 * connect it sends itself a notice: behind a transaction pooler LISTEN succeeds and nothing ever arrives.
 */
export function listenForChanges({ connectionString, onNotice, onListening, onLost, notify }: Options): ChangeListener {
  const stopped = new AbortController();
  const running = run();

  async function run() {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopped.signal.aborted) {
      const { wasListening, isDeaf } = await session();
      if (wasListening) onLost("broken");
      if (isDeaf) onLost("deaf");
      pauseMs = isDeaf ? DEAF_PAUSE_MS : wasListening ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      // Replicas that lost the same database come back at different moments.
      await pause(pauseMs * (0.75 + Math.random() / 2));
    }
  }

  /** One connection's life. Never rejects. */
  async function session() {
    const ended = new AbortController();
    const client = new pg.Client({
      connectionString,
      application_name: "podpass listener",
      keepAlive: true,
      connectionTimeoutMillis: DEADLINE_MS,
      query_timeout: DEADLINE_MS,
    });
    const end = () => ended.abort();
    client.on("error", end);
    client.on("end", end);
    stopped.signal.addEventListener("abort", end, { once: true });
    let wasListening = false;
    try {
      const token = randomUUID();
      const heard = new Promise<true>((resolve) => {
        client.on("notification", ({ payload = "" }) => {
          if (payload.includes(token)) resolve(true);
          else onNotice(payload);
        });
      });
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      const isSent = await notify(JSON.stringify({ probe: token })).then(
        () => true,
        () => false,
      );
      const silence = wait(HEARING_MS, false, { signal: ended.signal, ref: false });
      // A notice that could not even be sent proves nothing about hearing.
      const isHearing = !isSent || (await Promise.race([heard, silence]));
      if (!isHearing) return { wasListening, isDeaf: true };
      wasListening = true;
      onListening();
      while (true) {
        await wait(HEARTBEAT_MS, undefined, { signal: ended.signal, ref: false });
        await client.query("SELECT 1");
      }
    } catch {
      // Refused, timed out, terminated, or told to stop: what follows is the same.
      return { wasListening, isDeaf: false };
    } finally {
      stopped.signal.removeEventListener("abort", end);
      // A goodbye may wait for ever on a line that lost its other end.
      await Promise.race([client.end().catch(() => undefined), wait(500, undefined, { ref: false })]);
    }
  }

  function pause(ms: number) {
    return wait(ms, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
  }

  return {
    stop: () => {
      stopped.abort();
      return running;
    },
  };
}
