import type { LimitsMessage, LimitsSeen, LimitsVerdict } from "@/lib/limits/shared-store";
import type { StandingsTold, StandingsWanted } from "@/lib/limits/standings-line";
import type { Figure } from "@/lib/operations/figures";

/** Worker → supervisor: its own figures, because it wants the others' (it was scraped), or because it was asked. */
export type FiguresMessage = { type: "figures-wanted" | "figures"; ask: number; figures: Figure[] };

/** Worker → supervisor. */
export type FromWorker =
  | { type: "listening" }
  | { type: "failed"; reason: string }
  | FiguresMessage
  | LimitsMessage
  | StandingsTold;

/** Supervisor → worker. */
export type ToWorker =
  | LimitsVerdict
  | LimitsSeen
  | StandingsWanted
  /** Where Next listens now; null while it does not. */
  | { type: "next"; port: number | null }
  /** Say what you have counted. */
  | { type: "figures-please"; ask: number }
  /** What the others have counted, one list each. */
  | { type: "figures-of-others"; ask: number; figures: Figure[][] }
  /** No new work; what runs may finish within `limitMs`, then the worker ends by itself. */
  | { type: "drain"; limitMs: number };

export function isAboutLimits(message: FromWorker): message is LimitsMessage {
  return message.type.startsWith("limits-");
}
