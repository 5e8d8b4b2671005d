import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ErrorCode } from "@/lib/errors";
import type { SocketHandler } from "@/lib/gateway/socket-http";
import { newRequestId } from "@/lib/usage/request-id";
import { answerError, rawError } from "./answers";
import { watchSlowBody } from "./slow-bodies";

/** A request for the gateway or a page. By now its framing is sound and its target is a path. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 30_000;
/** The whole request, body included. One whose body trickles ends earlier. */
const REQUEST_TIMEOUT_MS = 300_000;
/** Longer than the minute after which balancers drop idle connections: the side that may open must close last. */
const KEEP_ALIVE_MS = 75_000;

/**
 * The HTTP server in front of everything: strict about framing, patient with nobody, JSON in every refusal. With `plain`,
 * each connection begins there, and comes here when it brings something else than plain requests.
 */
export function createFront(handle: Handle, plain?: SocketHandler): Server {
  /** Connections whose last answer is given. What a client had sent ahead on them is not served: nobody would hear. */
  const ended = new WeakSet<Socket>();
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 5_000,
      insecureHTTPParser: false,
      // Node's own refusal would have neither a body nor an id.
      requireHostHeader: false,
      noDelay: true,
    },
    ((request, response) => {
      if (ended.has(request.socket)) return;
      if (!isAcceptable(request, response)) {
        ended.add(request.socket);
        return;
      }
      watchSlowBody(request, response);
      handle(request, response);
    }) satisfies RequestListener,
  );
  server.on("checkExpectation", (_request, response) =>
    answerError(response, "expectation_failed", "Only `Expect: 100-continue` is understood.", newRequestId(Date.now())),
  );
  server.on("connect", (_request, socket: Socket) => refuse(socket, "invalid_request", "CONNECT is not served here."));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const [code, message] = explain(error);
    refuse(socket, code, message);
  });
  if (plain !== undefined) takeFirst(server, plain);
  return server;
}

/** `node:http` reads a connection from when its own listener hears of it: that is put off until the connection is its. */
function takeFirst(server: Server, plain: SocketHandler) {
  const own = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  const elsewhere = (socket: Socket) => {
    for (const listener of own) listener.call(server, socket);
  };
  server.on("connection", (socket) => plain.take(socket, elsewhere));
}

function isAcceptable(request: IncomingMessage, response: ServerResponse) {
  const refusal = refusalOf(request);
  if (refusal === null) return true;
  // What follows on this connection may be meant for another protocol.
  response.setHeader("connection", "close");
  answerError(response, "invalid_request", refusal, newRequestId(Date.now()));
  return false;
}

/** Node passes these on; nothing behind us should have to think about them. */
function refusalOf({ url, headers, rawHeaders, httpVersion }: IncomingMessage) {
  if (!url?.startsWith("/")) return "The request's target must be a path.";
  if (headers.host === undefined && httpVersion === "1.1") return "There is no Host header.";
  if (hostLines(rawHeaders) > 1) return "More than one Host header.";
  // Whoever stands in front may read any other list of encodings differently, and see other requests than we do.
  if ((headers["transfer-encoding"] ?? "chunked").toLowerCase() !== "chunked")
    return "The only transfer encoding is `chunked`.";
  // `Upgrade: h2c` is an offer that may be passed over in silence; a WebSocket client would wait for an answer.
  if (headers.upgrade?.toLowerCase().includes("websocket")) return "WebSocket connections are not served here.";
  return null;
}

/** Counted in the raw lines: `headers` keeps the first, and `headersDistinct` builds a list for every header there is. */
function hostLines(rawHeaders: readonly string[]) {
  let lines = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length === 4 && rawHeaders[i]?.toLowerCase() === "host") lines += 1;
  }
  return lines;
}

/** Writes a last answer to a connection whose request could not be read, unless an answer is already on its way. */
function refuse(socket: Socket, code: ErrorCode, message: string) {
  const isAnswering = (socket as Socket & { _httpMessage?: { headersSent: boolean } | null })._httpMessage?.headersSent;
  if (!socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  socket.end(rawError(code, message, newRequestId(Date.now())), () => socket.destroy());
}

function explain({ code }: NodeJS.ErrnoException): [ErrorCode, string] {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return ["headers_too_large", `The headers are larger than ${MAX_HEADER_BYTES} bytes.`];
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return ["request_too_large", "The chunk extensions are too large."];
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return ["request_timeout", "The request did not arrive in time."];
    default:
      return ["invalid_request", "The request is not valid HTTP/1.1."];
  }
}
