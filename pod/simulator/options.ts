import { type Failure, parseFailure } from "./failures";

export type PodState =
  | "ready"
  | "loading" // nothing listens yet: 502, as the proxy in front says it
  | "dead"; // the engine has died: /health 503, work 500

/** How the simulated pod behaves. All of it can change while it runs, but for where it listens. */
export type SimulatorOptions = {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** None: nothing is guarded. */
  keys: string[];
  models: string[];
  maxModelLen: number;
  /** 0: as fast as the socket takes it. */
  tokensPerSecond: number;
  ttftMs: number;
  /** Each request's pace varies by up to this share, by its seed. */
  jitter: number;
  /** Mixed into every text. */
  seed: number;
  /** Sequences that run at once; further requests wait, as under vLLM's `--max-num-seqs`. */
  maxRunning: number;
  /** Requests that may wait; one more is answered 503. */
  maxWaiting: number;
  kvCacheTokens: number;
  /** As `--enable-prompt-tokens-details`: a simulated prefix cache, reported as `cached_tokens`. */
  promptTokensDetails: boolean;
  /** As `--enable-force-include-usage`. */
  forceIncludeUsage: boolean;
  /** As `--enable-request-id-headers`. */
  requestIdHeaders: boolean;
  /** The model thinks before it answers, as under `--reasoning-parser`. */
  reasoning: boolean;
  /** Puts the time each token was made (Unix ms, with fractions) into its chunk as `sim_at`, for benchmarks. */
  stampEvents: boolean;
  state: PodState;
  /** Loading for so long after the start, then ready. */
  loadingMs: number;
  loadingStatus: number;
  failures: Failure[];
  /** Opens `/_sim/ledger` and `/_sim/control`. They have no guard: loopback only. */
  control: boolean;
  ledgerSize: number;
  keepBodies: boolean;
  /** Idle connections are closed after this, unannounced, as uvicorn does. */
  keepAliveMs: number;
};

export const DEFAULTS: SimulatorOptions = {
  host: "127.0.0.1",
  port: 0,
  keys: [],
  models: ["simulated-llama-8b"],
  maxModelLen: 32_768,
  tokensPerSecond: 60,
  ttftMs: 120,
  jitter: 0.1,
  seed: 0,
  maxRunning: 256,
  maxWaiting: Number.POSITIVE_INFINITY,
  kvCacheTokens: 400_000,
  promptTokensDetails: false,
  forceIncludeUsage: false,
  requestIdHeaders: false,
  reasoning: false,
  stampEvents: false,
  state: "ready",
  loadingMs: 0,
  loadingStatus: 502,
  failures: [],
  control: false,
  ledgerSize: 2_000,
  keepBodies: false,
  keepAliveMs: 5_000,
};

const LISTS: Readonly<Record<string, "keys" | "models" | "failures">> = {
  key: "keys",
  "api-key": "keys",
  model: "models",
  fail: "failures",
};

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const byFlag = new Map(Object.keys(DEFAULTS).map((name) => [kebab(name), name as keyof SimulatorOptions]));

/**
 * Options from a command line (`--tokens-per-second 60`, `--key a --key b`, `--control`) over an environment
 * (`SIM_TOKENS_PER_SECOND`, `SIM_KEY=a,b`, `SIM_FAIL=cut:afterEvents=3;crlf`). Throws a sentence for a wrong one.
 */
export function parseOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Partial<SimulatorOptions> {
  const options: Partial<SimulatorOptions> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith("SIM_") || value === undefined || value === "") continue;
    const flag = variable.slice(4).toLowerCase().replaceAll("_", "-");
    const list = LISTS[flag];
    if (list) for (const item of value.split(list === "failures" ? ";" : ",")) set(options, flag, item);
    else if (byFlag.has(flag)) set(options, flag, value);
  }
  const cleared = new Set<string>();
  for (let at = 0; at < argv.length; at += 1) {
    const [flag = "", inline] = (argv[at] ?? "").replace(/^--/, "").split(/=(.*)/s);
    const list = LISTS[flag];
    // A list on the command line replaces the environment's.
    if (list && !cleared.has(list)) {
      cleared.add(list);
      delete options[list];
    }
    const known = byFlag.get(flag);
    const isSwitch = known !== undefined && typeof DEFAULTS[known] === "boolean";
    const next = argv[at + 1];
    const takesNext = inline === undefined && (!isSwitch || next === "true" || next === "false");
    if (takesNext) at += 1;
    set(options, flag, inline ?? (takesNext ? next : "true"));
  }
  return options;
}

function set(options: Partial<SimulatorOptions>, flag: string, value: string | undefined) {
  if (value === undefined) throw new Error(`--${flag} needs a value.`);
  const list = LISTS[flag];
  if (list === "failures") {
    options.failures = [...(options.failures ?? []), parseFailure(value)];
    return;
  }
  if (list) {
    options[list] = [...(options[list] ?? []), value];
    return;
  }
  const name = byFlag.get(flag);
  if (name === undefined) throw new Error(`--${flag} is not an option.`);
  Object.assign(options, { [name]: convert(flag, value, DEFAULTS[name]) });
}

function convert(flag: string, value: string, like: unknown) {
  if (typeof like === "boolean") return value === "true" || value === "1";
  if (Array.isArray(like)) return value.split(",");
  if (typeof like !== "number") return value;
  const number = Number(value);
  if (Number.isNaN(number) || number < 0) throw new Error(`--${flag} must be a number of at least 0, not "${value}".`);
  return number;
}
