import { AppError } from "@/lib/errors";

/** A text field of a form; files are not looked into. */
export type FormField = { name: string; value: string };

const MOST_PARTS = 64;
const LONGEST_PART_HEAD = 4_096;
const LONGEST_FIELD = 65_536;
const HEAD_END = Buffer.from("\r\n\r\n");

/** The boundary of a `multipart/form-data` content type; null if it has none of legal form (RFC 2046, section 5.1.1). */
export function boundaryOf(contentType: string): string | null {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/** The text fields of a form. The body itself goes to the pod as it came. Throws `invalid_request`. */
export function formFields(body: Buffer, boundary: string): FormField[] {
  const delimiter = Buffer.from(`--${boundary}`);
  const fields: FormField[] = [];
  let at = body.indexOf(delimiter);
  for (let parts = 0; at !== -1; parts += 1) {
    const start = at + delimiter.length;
    if (body.toString("latin1", start, start + 2) === "--") return fields;
    const headEnd = body.indexOf(HEAD_END, start);
    const end = headEnd === -1 ? -1 : body.indexOf(delimiter, headEnd);
    if (end === -1 || headEnd - start > LONGEST_PART_HEAD || parts >= MOST_PARTS) break;
    const head = body.toString("utf8", start, headEnd);
    const name = /content-disposition:[^\r\n]*;\s*name="([^"\r\n]*)"/i.exec(head)?.[1];
    if (name !== undefined && !/;\s*filename\*?=/i.test(head)) {
      fields.push({
        name,
        value: body.toString("utf8", headEnd + HEAD_END.length, Math.min(end - 2, headEnd + LONGEST_FIELD)),
      });
    }
    at = end;
  }
  throw new AppError("invalid_request", "The form is not complete multipart/form-data.");
}
