export type CsvCell = string | number | boolean | Date | null | undefined;

/** What a spreadsheet would run as a formula, also behind the separators that some of them split at. */
const FORMULA = /^[=+\-@\t\r]|[;,]\s*[=+@]/;
const NEEDS_QUOTES = /[",\r\n;\t]|^\s|\s$/;

/**
 * One record after RFC 4180, with its line end. Text that a spreadsheet would take for a formula gets an apostrophe in front;
 * numbers keep their sign. Times are ISO 8601 in UTC, nothing is an empty cell.
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: CsvCell): string {
  if (cell === null || cell === undefined) return "";
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell !== "string") return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A header and its records as text, some at a time, so that a million rows need no more memory than a few. */
export async function* csvOf(
  columns: readonly string[],
  rows: AsyncIterable<Readonly<Record<string, CsvCell>>> | Iterable<Readonly<Record<string, CsvCell>>>,
): AsyncGenerator<string> {
  let text = csvLine(columns);
  for await (const row of rows) {
    text += csvLine(columns.map((column) => row[column]));
    if (text.length < 32_768) continue;
    yield text;
    text = "";
  }
  yield text;
}
