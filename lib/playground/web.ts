import type { Handle } from "../gateway/gateway";
import { createWebHandler } from "../gateway/web";
import { KEY_HEADER, ROUTE_PATH } from "./address";
import { proveHolder } from "./holder";

/** The playground's calls behind web `Request` and `Response`: Next's route handler. */
export function createWebPlayground(handle: Handle, peerOf: (request: Request) => string | null) {
  return function answerPlayground(request: Request): Promise<Response> {
    const { headers } = request;
    const [origin, host, cookies] = [headers.get("origin"), headers.get("host"), headers.get("cookie")];
    const prove = () => proveHolder({ origin, host, cookies, keyId: headers.get(KEY_HEADER) }, new Date());
    return createWebHandler((asked, client) => handle({ ...asked, path: ROUTE_PATH, prove }, client), peerOf)(request);
  };
}
