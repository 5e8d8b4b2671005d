import type { IncomingMessage, ServerResponse } from "node:http";
import type { Handle } from "../gateway/gateway";
import { createNodeHandler } from "../gateway/node-http";
import { CHAT_PATH, KEY_HEADER, ROUTE_PATH } from "./address";
import { proveHolder } from "./holder";

/**
 * The playground's calls behind `node:http`: answered by the gateway in this very process, so there is no credential for
 * calls between processes that anybody could steal or forge. Says false to all other requests.
 */
export function createNodePlayground(handle: Handle, commonHeaders: Readonly<Record<string, string>> = {}) {
  return function answerPlayground(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url !== CHAT_PATH || request.method !== "POST") return false;
    const { origin, host, cookie } = request.headers;
    const shown = { origin: origin ?? null, host: host ?? null, cookies: cookie ?? null, keyId: keyIn(request) };
    const prove = () => proveHolder(shown, new Date());
    const answer = createNodeHandler((asked, client) => handle({ ...asked, prove }, client), commonHeaders);
    request.url = ROUTE_PATH;
    return answer(request, response);
  };
}

function keyIn({ headers }: IncomingMessage): string | null {
  const key = headers[KEY_HEADER];
  return typeof key === "string" ? key : null;
}
