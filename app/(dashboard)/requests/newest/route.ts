import { newestMark } from "@/lib/usage/requests/queries";
import { viewer } from "../../_shell/viewer";

/** Whether there is anything new to show, in a word: open pages ask this every second, and for the rest only when it changes. */
export async function GET() {
  const { member } = await viewer();
  return new Response(await newestMark(member), {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" },
  });
}
