/** The request headers that the pipeline reads; a request has twice as many. */
export const WANTED_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "x-api-key",
  "content-type",
  "content-encoding",
  "content-length",
  "x-forwarded-for",
  "traceparent",
  "x-podpass-affinity",
]);
