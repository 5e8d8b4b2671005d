import { redirect } from "next/navigation";
import { openedGateway, peerOfRequest } from "@/app/open-gateway";
import { viewer } from "../../_shell/viewer";

/**
 * A conversation of the playground, where Next answers alone. Behind our own front its workers do, and what is handed over
 * to Next all the same came under another spelling: a second gateway in this process would count limits of its own.
 */
export async function POST(request: Request) {
  if (peerOfRequest(request) !== null) return new Response(null, { status: 404 });
  const gateway = await openedGateway();
  return gateway.chat(request);
}

/** Who opens the address in a browser finds the page. */
export async function GET() {
  await viewer();
  redirect("/playground");
}
