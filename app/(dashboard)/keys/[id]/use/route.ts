import { AppError } from "@/lib/errors";
import { getKey } from "@/lib/keys/queries";
import { viewer } from "../../../_shell/viewer";
import { liveUseOf } from "../live-use";

type Context = { params: Promise<{ id: string }> };

const HEADERS = { "cache-control": "no-store" };

/** How a key's limits stand right now, for the page that shows them. Somebody else's key is as unknown as one that does not exist. */
export async function GET(_request: Request, { params }: Context) {
  const [{ member, now }, { id }] = await Promise.all([viewer(), params]);
  try {
    return Response.json(await liveUseOf(member, await getKey(member, id, now), now), { headers: HEADERS });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return Response.json({ error: error.code }, { status: error.answer.status, headers: HEADERS });
  }
}
