import { parseDuration } from "@/lib/keys/duration";
import { csvOf } from "@/lib/usage/csv";
import { EXPORT_COLUMNS, EXPORTS, type ExportBy, type ExportRow, exportRows } from "@/lib/usage/exports/queries";
import { operator } from "./actor";
import { CommandError, type Given } from "./command";

const DEFAULT_SPAN_MS = 30 * 86_400_000;
const PIECE = 32_768;
const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** `usage export`: written as it is read, so that a million rows need no more memory than a few. */
export async function exportUsage({ option, isOn, now }: Given): Promise<AsyncIterable<string>> {
  const by = option("by") ?? "request";
  if (!isExport(by)) throw new CommandError(`--by: Use one of ${EXPORTS.join(", ")}.`);
  const format = option("format") ?? (isOn("json") ? "json" : "csv");
  if (format !== "csv" && format !== "json") throw new CommandError("--format: Use csv or json.");
  if (format === "csv" && isOn("json")) throw new CommandError("--format csv and --json exclude each other.");

  const to = momentOf(option("to"), "--to", now) ?? now;
  const from = momentOf(option("from"), "--from", now) ?? new Date(to.getTime() - DEFAULT_SPAN_MS);
  if (from >= to) throw new CommandError("--from: Use a moment before --to.");
  const rows = exportRows(operator(), { by, from, to });
  return format === "csv" ? csvOf(EXPORT_COLUMNS[by], rows) : jsonOf(rows);
}

/** A moment as it may be typed: a date (its first moment in UTC), a time with its zone, or a duration before now. */
export function momentOf(typed: string | undefined, option: string, now: Date): Date | null {
  if (typed === undefined) return null;
  const ago = parseDuration(typed);
  if (ago !== null) return new Date(now.getTime() - ago);
  const moment = MOMENT.test(typed) ? new Date(typed) : null;
  if (moment && !Number.isNaN(moment.getTime())) return moment;
  throw new CommandError(
    `${option}: Use a date (2026-11-22), a time with its zone (2026-11-22T14:00:00Z), or 7d for 7 days ago.`,
  );
}

/** One array, a row a line, written in larger pieces. */
async function* jsonOf(rows: AsyncIterable<ExportRow>): AsyncGenerator<string> {
  let text = "[";
  let separator = "\n";
  for await (const row of rows) {
    text += separator + JSON.stringify(row);
    separator = ",\n";
    if (text.length < PIECE) continue;
    yield text;
    text = "";
  }
  yield `${text}\n]\n`;
}

function isExport(text: string): text is ExportBy {
  return EXPORTS.some((by) => by === text);
}
