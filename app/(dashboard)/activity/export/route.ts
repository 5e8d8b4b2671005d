import { ACTIVITY_COLUMNS, exportActivity } from "@/lib/audit/queries";
import { csvOf } from "@/lib/usage/csv";
import { addressOf, download, streamOf } from "../../_shell/download";
import { viewer } from "../../_shell/viewer";
import { readActivityView } from "../view";

/** Everything behind the page's filters as CSV, streamed; members get what concerns them. */
export async function GET(request: Request) {
  const { member, zone } = await viewer();
  const { cursor: _, ...filter } = readActivityView(addressOf(request), zone);
  return new Response(streamOf(csvOf(ACTIVITY_COLUMNS, exportActivity(member, filter))), {
    headers: download("podpass-activity.csv", "text/csv; charset=utf-8"),
  });
}
