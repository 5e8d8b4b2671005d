import type { AnswerHead } from "./answer-head";
import { type AnswerReader, BrokenExchange, type Exchange, type OutgoingRequest } from "./connection";
import type { Connections } from "./connections";

export type WholeAnswer = { status: number; contentType: string | null; body: Buffer };

/** Sends a request and waits for the whole answer. Rejects with `BrokenExchange`, also where the body is larger than `most` bytes. */
export function askForWhole(connections: Connections, request: OutgoingRequest, most: number): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    const reader = new WholeReader(most, resolve, reject);
    reader.exchange = connections.ask(request, reader);
  });
}

class WholeReader implements AnswerReader {
  exchange: Exchange | null = null;
  private readonly most: number;
  private readonly resolve: (answer: WholeAnswer) => void;
  private readonly reject: (error: BrokenExchange) => void;
  private readonly parts: Buffer[] = [];
  private bytes = 0;
  private head: AnswerHead | null = null;

  constructor(most: number, resolve: (answer: WholeAnswer) => void, reject: (error: BrokenExchange) => void) {
    this.most = most;
    this.resolve = resolve;
    this.reject = reject;
  }

  onHead(head: AnswerHead) {
    this.head = head;
  }

  onData(bytes: Buffer) {
    this.bytes += bytes.length;
    if (this.bytes > this.most) {
      this.exchange?.abort();
      this.reject(new BrokenExchange("POD_BAD_ANSWER", `the answer is larger than ${this.most} bytes`, false));
      return false;
    }
    this.parts.push(Buffer.from(bytes));
    return true;
  }

  onEnd() {
    const { status = 0, contentType = null } = this.head ?? {};
    this.resolve({ status, contentType, body: Buffer.concat(this.parts, this.bytes) });
  }

  onError(error: BrokenExchange) {
    this.reject(error);
  }
}
