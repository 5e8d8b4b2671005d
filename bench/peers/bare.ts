import { join } from "node:path";
import { end, messageOf, PLAIN_ENVIRONMENT, startNode } from "../children";
import { POD_KEY } from "../protocol";
import type { Peer, Surroundings } from "./peer";

/** node:http and undici with nothing between: what Node itself allows. */
export async function startBare({ upstreamPort }: Surroundings): Promise<Peer> {
  const child = startNode(join(import.meta.dirname, "../.build/bare-proxy.mjs"), {
    env: { ...PLAIN_ENVIRONMENT, UPSTREAM_PORT: String(upstreamPort) },
  });
  const { port } = await messageOf<{ port: number }>(child);
  const target = { port, headers: { authorization: `Bearer ${POD_KEY}` }, pids: [child.pid ?? 0] };
  return { name: "bare node:http + undici", target, stop: () => end(child) };
}
