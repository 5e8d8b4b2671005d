import { isAdmin } from "@/lib/auth/member";
import { csvOf } from "@/lib/usage/csv";
import { EXPORT_COLUMNS, exportRows } from "@/lib/usage/exports/queries";
import { jsonOf } from "@/lib/usage/json";
import { addressOf, download, streamOf } from "../../_shell/download";
import { viewer } from "../../_shell/viewer";
import { OUTCOME_FILTERS, readRequestsView } from "../view";

/** The whole log behind the page's filters as CSV or JSON, streamed: a million rows need no more memory than a few. */
export async function GET(request: Request) {
  const { member, now } = await viewer();
  const address = addressOf(request);
  const view = readRequestsView(address, { isAdmin: isAdmin(member), now });
  const filters = {
    keyIds: view.keyIds,
    memberIds: view.memberIds,
    podIds: view.podIds,
    models: view.models,
    outcomes: view.outcome ? OUTCOME_FILTERS[view.outcome] : undefined,
  };
  const rows = exportRows(member, { by: "request", from: view.from ?? new Date(0), to: view.to ?? now, filters });
  if (address.format === "json") {
    return new Response(streamOf(jsonOf(EXPORT_COLUMNS.request, rows)), {
      headers: download("podpass-requests.json", "application/json"),
    });
  }
  return new Response(streamOf(csvOf(EXPORT_COLUMNS.request, rows)), {
    headers: download("podpass-requests.csv", "text/csv; charset=utf-8"),
  });
}
