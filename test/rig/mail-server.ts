import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { onTestFinished } from "vitest";

/** As little of a mail server as a mail needs; `refusal` is what it says to the recipient. */
export async function mailServer(refusal?: string) {
  const received: string[] = [];
  const server = createServer((socket) => {
    let isData = false;
    socket.write("220 test\r\n");
    socket.on("data", (chunk) => {
      const text = chunk.toString();
      received.push(text);
      if (isData) {
        if (!text.endsWith("\r\n.\r\n")) return;
        isData = false;
        socket.write("250 queued\r\n");
      } else if (text.startsWith("RCPT") && refusal) socket.write(`${refusal}\r\n`);
      else if (text.startsWith("DATA")) {
        isData = true;
        socket.write("354 go on\r\n");
      } else socket.write("250 fine\r\n");
    });
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}
