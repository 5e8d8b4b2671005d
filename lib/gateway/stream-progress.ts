import { setImmediate as otherWork } from "node:timers/promises";
import type { UsageEvent } from "@/lib/usage/event";
import type { LiveCall } from "./live-calls";

type Options = {
  /** What is being answered right now. */
  calls: () => readonly LiveCall[];
  /** Takes how far some of them have come, all in one go. */
  write: (events: readonly UsageEvent[]) => void;
  /** A call is written down this often, the first time when it is that old. */
  everyMs?: number | undefined;
  /** Monotonic ms. */
  now?: () => number;
};

const EVERY_MS = 5_000;
const LOOK_MS = 1_000;
/** Looked at in one go, which takes less than a millisecond: other streams' events must not wait for longer. */
const AT_ONCE = 100;

/**
 * Writes down now and then how far long answers have come (streams, and what is put together from one), so that a crash costs
 * each the tokens of a few seconds and not of its whole life. One timer asks them; nothing is done per event.
 */
export function keepProgress({ calls, write, everyMs = EVERY_MS, now = () => performance.now() }: Options) {
  const writtenAt = new WeakMap<LiveCall, number>();
  let isLooking = false;
  const timer = setInterval(() => void look(), Math.min(LOOK_MS, everyMs));
  timer.unref();

  async function look() {
    if (isLooking) return;
    isLooking = true;
    const at = now();
    const due = calls().filter((call) => at - (writtenAt.get(call) ?? call.startedAt) >= everyMs);
    for (let from = 0; from < due.length; from += AT_ONCE) {
      if (from > 0) await otherWork();
      writeSome(due.slice(from, from + AT_ONCE), at);
    }
    isLooking = false;
  }

  function writeSome(due: readonly LiveCall[], at: number) {
    const events: UsageEvent[] = [];
    for (const call of due) {
      writtenAt.set(call, at);
      const event = call.soFar();
      if (event !== null && event.promptTokens + event.completionTokens > 0) events.push(event);
    }
    if (events.length > 0) write(events);
  }

  return { look, stop: () => clearInterval(timer) };
}
