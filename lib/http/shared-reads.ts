import { Socket, type SocketConstructorOpts } from "node:net";

/**
 * Where plain connections are read into, to pods and from clients. A read is over before the next begins, whichever connection
 * it is for, so one buffer does for thousands of them that would otherwise get one of 64 KB for each read.
 */
export const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** What a socket is underneath. Node lets a client's socket name its buffer, and a server's not. */
type Underneath = { _handle?: { useUserBuffer?: unknown } | null; _server?: unknown };

export type SharedReads = {
  socket: Socket;
  /** From now on the socket is read like any other. */
  letGo(): void;
};

/**
 * The connection of a socket that a server has just accepted, as a socket that reads into the shared buffer; the accepted one is
 * an empty shell from then on, which closes with it. `take` is given each read's bytes, valid during the call alone, and returns false to hear
 * nothing more until `resume`. Where a socket cannot be opened up so, its own reads are handed to `take`.
 */
export function readShared(accepted: Socket, take: (bytes: Buffer) => boolean): SharedReads {
  const shell = accepted as unknown as Underneath;
  if (typeof shell._handle?.useUserBuffer !== "function") return readOwn(accepted, take);
  let isOurs = true;
  const callback = (length: number) => {
    const bytes = READ_BUFFER.subarray(0, length);
    return isOurs ? take(bytes) : socket.push(Buffer.from(bytes));
  };
  const onread = { buffer: READ_BUFFER, callback };
  const socket = new Socket({ handle: shell._handle, allowHalfOpen: true, onread } as SocketConstructorOpts);
  // The server counts its connections by this when they close.
  (socket as unknown as Underneath)._server = shell._server;
  shell._server = null;
  shell._handle = null;
  socket.once("close", () => accepted.destroy());
  return {
    socket,
    letGo: () => {
      isOurs = false;
    },
  };
}

function readOwn(socket: Socket, take: (bytes: Buffer) => boolean): SharedReads {
  const onData = (bytes: Buffer) => {
    if (!take(bytes)) socket.pause();
  };
  socket.on("data", onData);
  return { socket, letGo: () => socket.off("data", onData) };
}
