import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import type { LogLine } from "@/lib/gateway/gateway";
import { createNodeHandler } from "@/lib/gateway/node-http";
import type { Waits } from "@/lib/gateway/open-gateway";
import { createSocketHandler } from "@/lib/gateway/socket-http";
import type { SimulatorOptions } from "@/pod/simulator/options";
import { startSimulator } from "@/pod/simulator/simulator";
import { createFront } from "@/server/front";
import { createHandOver } from "@/server/hand-over";
import { startGatewayRig } from "./gateway";
import { startTap } from "./tap";

export const MODEL = "simulated-llama-8b";
export const POD_KEY = "pod-key-that-must-never-be-seen";

/** The real front before the real gateway before a simulated pod that is listened in on. The dashboard is away. */
export async function startFrontRig(simulated: Partial<SimulatorOptions> = {}, waits: Partial<Waits> = {}) {
  const pod = await startSimulator({
    keys: [POD_KEY],
    models: [MODEL],
    tokensPerSecond: 2_000,
    ttftMs: 1,
    ...simulated,
  });
  const tap = await startTap(pod.port);
  const lines: LogLine[] = [];
  const rig = await startGatewayRig("node", tap.url, POD_KEY, [MODEL], (line) => lines.push(line), {}, waits);
  const answerGateway = createNodeHandler(rig.gateway.handle, {}, waits.longestWaitMs);
  const pages = createHandOver({ port: () => null, internalToken: "token", publicUrl: null });
  let handed = 0;
  const plain = createSocketHandler({
    handle: rig.gateway.handle,
    onBegin: () => {
      handed += 1;
    },
    ...(waits.longestWaitMs !== undefined && { stuckMs: waits.longestWaitMs }),
  });
  const front = createFront((request, response) => {
    handed += 1;
    if (!answerGateway(request, response)) pages.handOver(request, response);
  }, plain);
  const sockets = new Set<Socket>();
  front.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const { port } = front.address() as AddressInfo;
  const key = await rig.issueKey();

  async function stop() {
    front.closeAllConnections();
    plain.closeAll();
    front.close();
    pages.close();
    await rig.stop();
    await tap.close();
    await pod.close();
  }

  /** How many requests the front has let through. */
  const letThrough = () => handed;

  return { port, pod, tap, rig, key, lines, sockets, letThrough, stop };
}

export type FrontRig = Awaited<ReturnType<typeof startFrontRig>>;
