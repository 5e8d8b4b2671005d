import { Status, type Tone } from "@/app/_ui/status";
import type { Glyph } from "@/app/_ui/status-glyph";
import type { Outcome } from "@/lib/usage/event";
import { errorWords } from "./errors";

export const OUTCOME_NAMES: Record<Outcome, string> = {
  open: "Running",
  completed: "Completed",
  client_closed: "Client left",
  rejected: "Rejected",
  upstream_error: "Pod error",
  timeout: "Timed out",
  lost: "Lost",
};

const LOOKS: Record<Outcome, { tone: Tone; glyph: Glyph }> = {
  open: { tone: "info", glyph: "half" },
  completed: { tone: "ok", glyph: "disc" },
  client_closed: { tone: "idle", glyph: "ring" },
  rejected: { tone: "warn", glyph: "triangle" },
  upstream_error: { tone: "danger", glyph: "cross" },
  timeout: { tone: "danger", glyph: "cross" },
  lost: { tone: "danger", glyph: "cross" },
};

type Ended = { outcome: Outcome; status: number | null; errorCode: string | null };

/** How a request ended, in its row: refused and failed ones with their status and why. */
export function OutcomeStatus({ outcome, status, errorCode }: Ended) {
  const { tone, glyph } = LOOKS[outcome];
  const isOrdinary = outcome === "open" || outcome === "completed" || outcome === "client_closed";
  const why = isOrdinary ? null : errorWords(errorCode);
  return (
    <Status tone={tone} glyph={glyph}>
      {why ? `${status ?? ""} ${why.short}`.trim() : OUTCOME_NAMES[outcome]}
    </Status>
  );
}
