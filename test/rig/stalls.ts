const EVERY_MS = 20;
/** Waking this much late is the usual bustle. */
const LATE_MS = 40;

type Stall = { from: number; to: number };

/**
 * Watches how long this process stood still, as a busy machine makes it: what a test says about the product's time is said of
 * the time in which anything could happen at all. Times are those of `performance.now()`.
 */
export function watchStalls() {
  const stalls: Stall[] = [];
  let wokenAt = performance.now();
  const look = () => {
    const now = performance.now();
    if (now - wokenAt > EVERY_MS + LATE_MS) stalls.push({ from: wokenAt + EVERY_MS, to: now });
    wokenAt = now;
  };
  const timer = setInterval(look, EVERY_MS);
  timer.unref();

  return {
    /** The ms from one moment to another, less those in which nothing here could go on. */
    awakeMs(from: number, to = performance.now()) {
      look();
      const lost = stalls.map((stall) => Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)));
      return to - from - lost.reduce((sum, ms) => sum + ms, 0);
    },
    stop: () => clearInterval(timer),
  };
}
