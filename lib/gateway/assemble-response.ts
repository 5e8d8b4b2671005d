import { type Assembler, objectIn, UnreadableEvent } from "./assembly";
import { memberOf } from "./json-spans";
import { withPythonNumbers } from "./python-json";

const LAST = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** Takes the whole answer of `/v1/responses` out of the event that ends its stream. */
export class ResponseAssembler implements Assembler {
  size = 0;
  private response: Buffer | null = null;

  take(payload: Buffer) {
    const { type } = objectIn(payload);
    if (typeof type !== "string" || !LAST.has(type)) return;
    this.response = memberOf(payload, "response");
    this.size = payload.length;
  }

  finish(): Buffer {
    if (this.response === null) throw new UnreadableEvent("a stream without a response");
    return Buffer.from(withPythonNumbers(this.response.toString("utf8")));
  }
}
