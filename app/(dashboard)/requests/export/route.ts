import { isAdmin } from "@/lib/auth/member";
import { csvOf } from "@/lib/usage/csv";
import { EXPORT_COLUMNS, exportRows } from "@/lib/usage/exports/queries";
import { addressOf, download, streamOf } from "../../_shell/download";
import { viewer } from "../../_shell/viewer";
import { OUTCOME_FILTERS, readRequestsView } from "../view";

/** The whole log behind the page's filters as CSV, streamed: a million rows need no more memory than a few. */
export async function GET(request: Request) {
  const { member, now } = await viewer();
  const view = readRequestsView(addressOf(request), { isAdmin: isAdmin(member), now });
  const filters = {
    keyIds: view.keyIds,
    memberIds: view.memberIds,
    models: view.models,
    outcomes: view.outcome ? OUTCOME_FILTERS[view.outcome] : undefined,
  };
  const rows = exportRows(member, { by: "request", from: view.from ?? new Date(0), to: view.to ?? now, filters });
  return new Response(streamOf(csvOf(EXPORT_COLUMNS.request, rows)), {
    headers: download("podpass-requests.csv", "text/csv; charset=utf-8"),
  });
}
