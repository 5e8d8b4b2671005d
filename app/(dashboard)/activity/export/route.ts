import { ACTIVITY_COLUMNS, exportActivity } from "@/lib/audit/queries";
import { csvOf } from "@/lib/usage/csv";
import { jsonOf } from "@/lib/usage/json";
import { addressOf, download, streamOf } from "../../_shell/download";
import { viewer } from "../../_shell/viewer";
import { readActivityView } from "../view";

/** Everything behind the page's filters as CSV or JSON, streamed; members get what concerns them. */
export async function GET(request: Request) {
  const { member, zone } = await viewer();
  const address = addressOf(request);
  const { cursor: _, ...filter } = readActivityView(address, zone);
  const rows = exportActivity(member, filter);
  if (address.format === "json") {
    return new Response(streamOf(jsonOf(ACTIVITY_COLUMNS, rows)), {
      headers: download("podpass-activity.json", "application/json"),
    });
  }
  return new Response(streamOf(csvOf(ACTIVITY_COLUMNS, rows)), {
    headers: download("podpass-activity.csv", "text/csv; charset=utf-8"),
  });
}
