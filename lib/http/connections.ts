import { type Address, type AnswerReader, Connection, type Exchange, type OutgoingRequest } from "./connection";

type Options = {
  lookup: Address["lookup"];
  /** Given up when idle for so long, before the other side does: uvicorn closes after 5 s. In ms. */
  idleMs?: number;
  connectMs?: number;
};

const IDLE_MS = 4_000;
const CONNECT_MS = 5_000;
const SWEEP_MS = 100;

export type Connections = ReturnType<typeof createConnections>;

/**
 * All connections to one origin. As many as there are requests: admission limits how many there may be, and a pool of a
 * fixed size would queue streams behind each other unseen. The one used last is used first, so that the others can end.
 */
export function createConnections(origin: string, { lookup, idleMs = IDLE_MS, connectMs = CONNECT_MS }: Options) {
  const url = new URL(origin);
  const isSecure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const address: Address = { host, port: Number(url.port) || (isSecure ? 443 : 80), isSecure, lookup };
  const all = new Set<Connection>();
  const free: Connection[] = [];
  let isClosing = false;
  let sweeping: NodeJS.Timeout | undefined;
  const owner = {
    session: undefined as Buffer | undefined,
    onFree(connection: Connection) {
      if (isClosing) connection.destroy();
      else free.push(connection);
    },
    onClosed(connection: Connection) {
      all.delete(connection);
      const at = free.indexOf(connection);
      if (at !== -1) free.splice(at, 1);
      if (all.size === 0) clearInterval(sweeping);
    },
  };

  function ask(request: OutgoingRequest, reader: AnswerReader): Exchange {
    const now = performance.now();
    const connection = freeOne() ?? open(now);
    connection.ask(request, reader, now);
    return connection;
  }

  function freeOne() {
    let connection = free.pop();
    while (connection?.isUsable === false) connection = free.pop();
    return connection;
  }

  function open(now: number) {
    const connection = new Connection(address, owner, now);
    if (all.size === 0) sweeping = setInterval(sweep, SWEEP_MS).unref();
    all.add(connection);
    return connection;
  }

  /** One timer for all of them: a timer each would cost more than reading an event does. */
  function sweep() {
    const now = performance.now();
    for (const connection of all) {
      if (connection.isBusy) connection.checkPatience(now, connectMs);
      // A second less than was promised: the promise is counted from when it was sent.
      else if (now - connection.heardAt > Math.min(idleMs, (connection.idleMs ?? Infinity) - 1_000))
        connection.destroy();
    }
  }

  return {
    /** `host:port` as the Host header has it. */
    host: url.host,
    ask,
    size: () => ({ open: all.size, free: free.length }),
    /** Requests under way end on their own; then nothing is left. */
    close() {
      isClosing = true;
      for (const connection of free.splice(0)) connection.destroy();
    },
    destroy() {
      isClosing = true;
      for (const connection of [...all]) connection.destroy();
    },
  };
}
