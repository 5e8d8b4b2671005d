import type { ChatBody } from "./conversation";

/** The same request for a shell. `$PODPASS_KEY` stands for the secret: this page has none to show. */
export function curlOf(publicUrl: string, body: ChatBody): string {
  const json = JSON.stringify(body, null, 2).replaceAll("'", `'\\''`);
  return `curl -N ${publicUrl}/v1/chat/completions \\
  -H "Authorization: Bearer $PODPASS_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${json}'`;
}
