/** What the processes of the benchmark say to each other. */

export const MODEL = "bench-model";

/** The key that the pretended pod asks for. It opens nothing else. */
export const POD_KEY = "bench-pod-key-that-opens-nothing";

/** The completion tokens of each whole answer. */
export const PLAIN_TOKENS = 16;

/** What the pretended pod has answered so far. */
export type UpstreamLedger = { plain: number; streams: number; tokens: number };

/** Where requests go, and what they carry. `pids` are the processes whose CPU time and memory count as the peer's. */
export type Target = { port: number; headers: Record<string, string>; pids: number[] };

/** As many requests as fit, each connection sending its next one when the last is answered. */
export type ClosedLoopJob = {
  kind: "closed-loop";
  target: Target;
  connections: number;
  warmMs: number;
  durationMs: number;
};

/** So many requests a second at each target, sent on time whatever happened to earlier ones; targets take turns. */
export type ConstantRateJob = {
  kind: "constant-rate";
  targets: Target[];
  perSecond: number;
  warmMs: number;
  durationMs: number;
};

/** Each of `slots` streams `events` events, then begins again, until the time is over; the last ones may finish. */
export type StreamsJob = {
  kind: "streams";
  target: Target;
  slots: number;
  events: number;
  everyMs: number;
  rampMs: number;
  durationMs: number;
};

/** Pages, asked for one after the other on each connection, as a signed-in browser would ask. */
export type PagesJob = {
  kind: "pages";
  port: number;
  cookie: string;
  paths: string[];
  connections: number;
  durationMs: number;
};

export type Job = ClosedLoopJob | ConstantRateJob | StreamsJob | PagesJob;

export type Answered = { answered: number; errors: number };

/** `inWindow` counts what was answered while the clock ran, and `cpuMs` is the peer's CPU time in just that window. */
export type ClosedLoopResult = Answered & { perSecond: number; inWindow: number; cpuMs: number };

export type RateOfTarget = Answered & { latenciesMs: number[] };
export type ConstantRateResult = { targets: RateOfTarget[]; latenessMs: number[] };

export type StreamsResult = Answered & {
  /** Events that came while the clock ran, after the ramp; the times below are theirs. */
  inWindow: number;
  cpuMs: number;
  firstEventMs: number[];
  /** From the moment the pod sent an event until it was here. */
  delaysMs: number[];
  gapsMs: number[];
  rssBefore: number;
  rssMost: number;
};

export type PagesResult = Answered;

type Results = {
  "closed-loop": ClosedLoopResult;
  "constant-rate": ConstantRateResult;
  streams: StreamsResult;
  pages: PagesResult;
};
export type ResultOf<J extends Job> = Results[J["kind"]];
