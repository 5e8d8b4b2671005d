import { csvOf } from "@/lib/usage/csv";
import { EXPORT_COLUMNS, EXPORTS, type ExportBy, type ExportRow, exportRows } from "@/lib/usage/exports/queries";
import { operator } from "./actor";
import { CommandError, type Given } from "./command";
import { momentOf } from "./moment";

const DEFAULT_SPAN_MS = 30 * 86_400_000;
const PIECE = 32_768;

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
