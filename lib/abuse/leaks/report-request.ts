import * as z from "zod/mini";
import { AppError } from "@/lib/errors";
import { errorAnswer, refusalOf } from "@/lib/gateway/errors";
import { log } from "@/lib/log";
import { LONGEST_REPORT, type Reporter } from "./reports";
import { reportSchema } from "./schema";

/** A report and what JSON needs around and inside it. */
const MOST_BYTES = 4 * LONGEST_REPORT;
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Answers a program's report: `{"secret": "…"}` in, 200 out, the same for every string. What was sent is in no answer and no log. */
export async function takeReport(
  request: Request,
  reporter: Reporter,
  receive: (text: string, reporter: Reporter) => Promise<void>,
): Promise<Response> {
  try {
    if (request.method !== "POST") throw new AppError("method_not_allowed", "Only POST is answered here.");
    if (!JSON_TYPE.test(request.headers.get("content-type") ?? "")) {
      throw new AppError("unsupported_media_type", "The content type of this route is application/json.");
    }
    await receive(secretIn(await readText(request)), reporter);
    return Response.json({ status: "received" }, { status: 200, headers: headersOf(reporter) });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal.code === "internal_error") log.error({ err: error, requestId: reporter.requestId }, "a report failed");
    const { status, headers, body } = errorAnswer(refusal, reporter.requestId, "openai");
    if (status === 405) headers.allow = "POST";
    return new Response(request.method === "HEAD" ? null : new Uint8Array(body), { status, headers });
  }
}

const headersOf = ({ requestId }: Reporter) => ({ "cache-control": "no-store", "x-request-id": requestId });

async function readText(request: Request): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new AppError("request_too_large", `A report may have ${LONGEST_REPORT} characters.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function secretIn(text: string): string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's own words would quote what was sent.
    throw new AppError("invalid_request", "The body is no JSON.");
  }
  const { success, data } = z.safeParse(reportSchema, body);
  if (success) return data.secret;
  throw new AppError("invalid_request", 'Send {"secret": "sk-vllm-…"}.', { param: "secret" });
}
