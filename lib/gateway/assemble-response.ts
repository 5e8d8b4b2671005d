import { type Assembler, objectIn, UnreadableEvent } from "./assembly";
import { elementsOf, memberOf, spliceObject, topLevelSpans } from "./json-spans";
import { withPythonNumbers } from "./python-numbers";

const LAST = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** Takes the whole answer of `/v1/responses` out of the event that ends its stream. */
export class ResponseAssembler implements Assembler {
  size = 0;
  private response: string | null = null;

  take(payload: Buffer) {
    const { type } = objectIn(payload);
    if (typeof type !== "string" || !LAST.has(type)) return;
    const response = memberOf(payload, "response");
    this.response = response && wholeOutput(response).toString("utf8");
    this.size = payload.length;
  }

  finish(): Buffer {
    if (this.response === null) throw new UnreadableEvent("a stream without a response");
    return Buffer.from(withPythonNumbers(this.response));
  }
}

/** Reasoning has a status in a stream and none in a whole answer; all else is the same. */
function wholeOutput(response: Buffer): Buffer {
  const output = memberOf(response, "output");
  if (output === null) return response;
  const items = elementsOf(output).map((item) => {
    const isReasoning = memberOf(item, "type")?.toString("latin1") === '"reasoning"';
    return isReasoning ? spliceObject(item, topLevelSpans(item), [{ key: "status", json: "null" }]) : item;
  });
  return spliceObject(response, topLevelSpans(response), [
    { key: "output", json: `[${items.map((item) => item.toString("utf8")).join(",")}]` },
  ]);
}
