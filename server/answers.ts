import type { ServerResponse } from "node:http";
import { AppError, type ErrorCode } from "@/lib/errors";

/** The error in the shape that OpenAI's clients read. */
export function errorBody(code: ErrorCode, message: string) {
  return JSON.stringify({ error: { message, type: typeOf(code), param: null, code } });
}

/** Answers what never reaches the gateway or a page: JSON, never kept by a cache. */
export function answerError(response: ServerResponse, code: ErrorCode, message: string, requestId: string) {
  const { status, retry } = new AppError(code, message).answer;
  const body = errorBody(code, message);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
    ...(retry ? { "retry-after": "5" } : { "x-should-retry": "false" }),
    ...(status === 503 || status === 413 || status === 408 ? { connection: "close" } : {}),
  });
  response.end(body);
}

/** The same as bytes for a connection whose request could not be read, so that there is no response object. */
export function rawError(code: ErrorCode, message: string, requestId: string) {
  const { status } = new AppError(code, message).answer;
  const body = errorBody(code, message);
  return [
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "cache-control: no-store",
    `x-request-id: ${requestId}`,
    "x-should-retry: false",
    "connection: close",
    "",
    body,
  ].join("\r\n");
}

const REASONS: Record<number, string> = {
  400: "Bad Request",
  408: "Request Timeout",
  413: "Content Too Large",
  417: "Expectation Failed",
  431: "Request Header Fields Too Large",
};

function typeOf(code: ErrorCode) {
  const { status } = new AppError(code, "").answer;
  return status >= 500 ? "server_error" : "invalid_request_error";
}

/** What a browser sees for the seconds in which the dashboard restarts. It comes back by itself. */
export const AWAY_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<meta name="color-scheme" content="light dark">
<title>Podpass is starting</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0 1.5rem }
p { max-width: 32rem }
</style>
</head>
<body>
<main>
<h1>The dashboard is starting</h1>
<p>This page loads again by itself in a moment. Keys and requests to the API are not affected.</p>
</main>
</body>
</html>
`;

/** Answers for a dashboard that is not there: a page that reloads for people, JSON for programs. */
export function answerAway(response: ServerResponse, wantsHtml: boolean, requestId: string) {
  if (!wantsHtml) {
    answerError(response, "shutting_down", "The dashboard is starting. Try again in a few seconds.", requestId);
    return;
  }
  response.writeHead(503, {
    "content-type": "text/html; charset=utf-8",
    "content-length": Buffer.byteLength(AWAY_PAGE),
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-request-id": requestId,
    "retry-after": "2",
  });
  response.end(AWAY_PAGE);
}
