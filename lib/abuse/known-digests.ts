/** The list is read anew after this long, and sooner when a key changed. */
export const FRESH_MS = 10_000;
const AGAIN_MS = 1_000;
/** Nobody tries any more: the list gives its memory back. */
const DROP_MS = 60_000;
/** Of a list that is longer than this nothing is kept, and nobody is held back. */
const MOST = 100_000;
const PREFIX_BYTES = 8;

type Options = {
  /** The first bytes of every digest there is, in latin1, up to `most` and one more. Rejects while the database can't say. */
  load: (bytes: number, most: number) => Promise<readonly string[]>;
  /** Monotonic ms. */
  now: () => number;
};

/**
 * Which digests belong to any secret at all, read as a whole: one query every ten seconds says it of as many strings as anybody
 * cares to send. Used only while somebody does.
 */
export function createKnownDigests({ load, now }: Options) {
  let list: ReadonlySet<string> | null = null;
  let readAt = -Infinity;
  let isOutdated = false;
  let reading: Promise<void> | null = null;
  let dropping: NodeJS.Timeout | undefined;

  async function read() {
    const startedAt = now();
    isOutdated = false;
    try {
      const found = await load(PREFIX_BYTES, MOST);
      list = found.length > MOST ? null : new Set(found);
    } catch {
      list = null; // whoever asks next meets the database itself, and is told that it is away
    }
    readAt = startedAt;
    clearTimeout(dropping);
    dropping = setTimeout(() => {
      list = null;
      readAt = -Infinity;
    }, DROP_MS).unref();
  }

  return {
    /** False only for a digest that a healthy database did not know within the last ten seconds. */
    async has(digest: Buffer): Promise<boolean> {
      const age = now() - readAt;
      if (age >= FRESH_MS || (isOutdated && age >= AGAIN_MS)) {
        reading ??= read().finally(() => {
          reading = null;
        });
        await reading;
      }
      return list === null || list.has(digest.toString("latin1", 0, PREFIX_BYTES));
    },
    /** A key changed: it may have a secret that is not on the list. */
    keyChanged() {
      isOutdated = true;
    },
  };
}
