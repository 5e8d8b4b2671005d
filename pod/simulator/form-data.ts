export type Form = { file: Buffer | undefined; fields: Readonly<Record<string, string>> };

/** The text fields and the first file of a multipart body; undefined for any other body. */
export function readForm(contentType: string | undefined, body: Buffer): Form | undefined {
  const boundary = /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? "");
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) return undefined;
  const fields: Record<string, string> = {};
  let file: Buffer | undefined;
  const separator = Buffer.from(`\r\n--${mark}`);
  // The first mark has no line end before it.
  const whole = Buffer.concat([Buffer.from("\r\n"), body]);
  let from = whole.indexOf(separator);
  while (from >= 0) {
    const start = from + separator.length;
    const next = whole.indexOf(separator, start);
    if (next < 0) break;
    const part = readPart(whole.subarray(start, next));
    if (part?.isFile) file ??= part.content;
    else if (part) fields[part.name] = part.content.toString("utf8");
    from = next;
  }
  return { file, fields };
}

function readPart(part: Buffer) {
  const headEnd = part.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = part.subarray(0, headEnd).toString("utf8");
  const name = /[;\s]name="([^"]*)"/i.exec(head)?.[1];
  if (name === undefined) return undefined;
  return { name, isFile: /filename\*?=/i.test(head), content: part.subarray(headEnd + 4) };
}
