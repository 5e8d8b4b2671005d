import type { CsvCell } from "./csv";

type Row = Readonly<Record<string, CsvCell>>;

/** Rows as one JSON array, some at a time, so that a million of them need no more memory than a few. Times are ISO 8601 in UTC. */
export async function* jsonOf(
  columns: readonly string[],
  rows: AsyncIterable<Row> | Iterable<Row>,
): AsyncGenerator<string> {
  let text = "[";
  let isFirst = true;
  for await (const row of rows) {
    const own = Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
    text += `${isFirst ? "" : ","}\n${JSON.stringify(own)}`;
    isFirst = false;
    if (text.length < 32_768) continue;
    yield text;
    text = "";
  }
  yield `${text}${isFirst ? "" : "\n"}]\n`;
}
