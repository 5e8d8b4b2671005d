type Options = {
  /** Names of the migrations the database has. Rejects with what PostgreSQL says. */
  appliedMigrations: () => Promise<readonly string[]>;
  /** Names of the migrations this version needs. */
  neededMigrations: readonly string[];
  /** From SIGTERM on. */
  isStopping?: () => boolean;
  /** What else is wrong in this process at this moment. */
  otherReasons?: () => readonly string[];
  /** Monotonic ms. */
  now?: () => number;
  /** An answer serves this long, so that many balancers asking cost one query a second. */
  freshMs?: number;
  /** Whoever asks is told within this, also by a database that hangs. */
  patienceMs?: number;
};

type Look = { startedAt: number; reasons: Promise<readonly string[]> };

const STOPPING = "shutting down";
const AWAY = "the database cannot be reached";
const SILENT = "the database does not answer";
const BARE = "the database has not been set up";
/** PostgreSQL's code for a table that does not exist. */
const NO_TABLE = "42P01";

/**
 * Why this process should get no work: the database, its migrations, or a stop that has begun. The pod is no part of it,
 * or one lost GPU would take the dashboard with it. The list is empty while all is well; the promise never rejects.
 */
export function createReadiness({
  appliedMigrations,
  neededMigrations,
  isStopping = () => false,
  otherReasons = () => [],
  now = () => performance.now(),
  freshMs = 1_000,
  patienceMs = 2_000,
}: Options) {
  let running: Look | null = null;
  let latest: { at: number; reasons: readonly string[] } | null = null;

  return async function unreadiness(): Promise<readonly string[]> {
    if (isStopping()) return [STOPPING];
    const reasons = await ofDatabase();
    if (isStopping()) return [STOPPING];
    // A database that is away explains everything else.
    return reasons.length > 0 ? reasons : otherReasons();
  };

  function ofDatabase(): Promise<readonly string[]> | readonly string[] {
    if (running === null && latest !== null && now() - latest.at < freshMs) return latest.reasons;
    running ??= look();
    const leftMs = running.startedAt + patienceMs - now();
    return leftMs <= 0 ? [SILENT] : within(leftMs, running.reasons);
  }

  function look(): Look {
    const reasons = ask().then((found) => {
      latest = { at: now(), reasons: found };
      running = null;
      return found;
    });
    return { startedAt: now(), reasons };
  }

  async function ask(): Promise<readonly string[]> {
    try {
      const applied = new Set(await appliedMigrations());
      const missing = neededMigrations.filter((name) => !applied.has(name));
      return missing.length === 0 ? [] : [`migrations are missing: ${missing.join(", ")}`];
    } catch (error) {
      return [error instanceof Error && "code" in error && error.code === NO_TABLE ? BARE : AWAY];
    }
  }
}

async function within(ms: number, reasons: Promise<readonly string[]>): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve([SILENT]), ms);
  });
  return Promise.race([reasons, late]).finally(() => clearTimeout(timer));
}
