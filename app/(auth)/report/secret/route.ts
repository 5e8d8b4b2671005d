import { receiveReport } from "@/lib/abuse/leaks/receive-report";
import { takeReport } from "@/lib/abuse/leaks/report-request";
import { requestOrigin } from "@/lib/auth/session";

/** A program's report of a leaked secret. */
async function answer(request: Request): Promise<Response> {
  return takeReport(request, await requestOrigin(), receiveReport);
}

// Under every method: Next answers a missing one with an empty 405 of its own.
export {
  answer as DELETE,
  answer as GET,
  answer as HEAD,
  answer as OPTIONS,
  answer as PATCH,
  answer as POST,
  answer as PUT,
};
