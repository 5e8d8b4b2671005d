import { Agent } from "undici";
import type { PagesJob, PagesResult } from "../protocol";
import { now } from "./http-client";

/** Asks for pages as fast as they come. A redirect counts as an error: the browser would not be signed in. */
export async function pages({ port, cookie, paths, connections, durationMs }: PagesJob): Promise<PagesResult> {
  const agent = new Agent({ connections, pipelining: 1 });
  const deadline = now() + durationMs;
  const result: PagesResult = { answered: 0, errors: 0 };

  async function one(first: number) {
    for (let asked = first; now() < deadline; asked += 1) {
      const path = paths[asked % paths.length] ?? "/";
      const { statusCode, body } = await agent.request({
        origin: `http://127.0.0.1:${port}`,
        path,
        method: "GET",
        headers: { cookie, accept: "text/html" },
      });
      await body.dump({ limit: 16 * 1024 * 1024 });
      if (statusCode === 200) result.answered += 1;
      else result.errors += 1;
    }
  }

  await Promise.all(Array.from({ length: connections }, (_, index) => one(index)));
  await agent.close();
  return result;
}
