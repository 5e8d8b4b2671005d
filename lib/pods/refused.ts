import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";

const KNOCK_MS = 500;

/**
 * Why nothing listens at an address: bound to 127.0.0.1 where it is this machine's own address and the port is open on the loopback
 * alone, this machine (or this container) where it is the loopback itself, otherwise just refused.
 */
export async function refusedBecause(baseUrl: string): Promise<"refused" | "refused_here" | "bound_to_loopback"> {
  const { hostname, port, protocol } = new URL(baseUrl);
  const found = await lookup(hostname.replace(/^\[(.*)\]$/, "$1"), { all: true }).catch(() => []);
  if (found.length === 0) return "refused";
  if (found.every(({ address }) => isLoopback(address))) return "refused_here";
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []);
  if (!found.every(({ address }) => own.includes(address))) return "refused";
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  return (await isOpen("127.0.0.1", number)) ? "bound_to_loopback" : "refused";
}

const isLoopback = (address: string) => address === "::1" || address.startsWith("127.");

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: KNOCK_MS });
    const end = (opened: boolean) => {
      socket.destroy();
      resolve(opened);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
