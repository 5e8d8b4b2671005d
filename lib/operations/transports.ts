import type { IncomingMessage, ServerResponse } from "node:http";
import type { HeaderLines } from "@/lib/http/plain-request";
import { isOperationsPath, type Operations } from "./operations";

/** Behind `node:http`. The function returned says false to every path that is somebody else's. */
export function createNodeOperations(answer: Operations) {
  return function answerNode(request: IncomingMessage, response: ServerResponse): boolean {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (!isOperationsPath(path)) return false;
    const asked = {
      method: request.method ?? "GET",
      path,
      headers: request.headersDistinct,
      peerIp: request.socket.remoteAddress ?? null,
    };
    void answer(asked).then(({ status, headers, body }) => {
      // Nobody reads a body here, and it would be taken for the next request: the connection can't be used again.
      if (mayHaveBody(request)) headers.connection = "close";
      response.writeHead(status, headers);
      response.end(body);
    });
    return true;
  };
}

function mayHaveBody({ headers }: IncomingMessage) {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Behind web `Request` and `Response`: Next's route handlers. */
export function createWebOperations(answer: Operations, peerOf: (request: Request) => string | null) {
  return async function answerWeb(request: Request): Promise<Response> {
    const { status, headers, body } = await answer({
      method: request.method,
      path: new URL(request.url).pathname,
      headers: headerLines(request.headers),
      peerIp: peerOf(request),
    });
    return new Response(body.length === 0 ? null : new Uint8Array(body), { status, headers });
  };
}

function headerLines(headers: Headers): HeaderLines {
  return Object.fromEntries([...headers].map(([name, value]) => [name, [value]]));
}
