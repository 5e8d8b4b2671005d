import { AnswerFrame } from "./assemble-openai";
import { type Assembler, type Fields, isFields, jsonOf, listOf, objectIn, UnreadableEvent } from "./assembly";
import { elementsOf, memberOf } from "./json-spans";
import { withPythonNumbers } from "./python-json";

/** The lists of a completion's log probabilities, in vLLM's order. */
const LISTS = ["text_offset", "token_logprobs", "tokens", "top_logprobs"] as const;

/** Puts the chunks of `/v1/completions` together, byte for byte as vLLM answers without streaming. */
export class CompletionAssembler implements Assembler {
  size = 0;
  private readonly wantsTokenIds: boolean;
  private readonly frame = new AnswerFrame();
  private readonly choices = new Map<number, CompletionChoice>();

  /** A stream with an echo tells the prompt's token ids to everybody, a whole answer only to those who asked. */
  constructor(wantsTokenIds: boolean) {
    this.wantsTokenIds = wantsTokenIds;
  }

  take(payload: Buffer) {
    const chunk = objectIn(payload);
    this.frame.take(chunk, payload);
    for (const [at, choice] of listOf(chunk.choices).entries()) {
      if (!isFields(choice) || typeof choice.index !== "number") throw new UnreadableEvent("a choice without index");
      const known = this.choices.get(choice.index) ?? new CompletionChoice(choice.index);
      this.choices.set(choice.index, known);
      known.take(choice, () => memberOf(elementsOf(memberOf(payload, "choices") ?? payload)[at] ?? payload, "logprobs"));
    }
    this.size += payload.length;
  }

  finish(): Buffer {
    if (this.choices.size === 0) throw new UnreadableEvent("a stream without choices");
    const choices = [...this.choices.values()].sort((a, b) => a.index - b.index);
    const written = choices.map((choice) => choice.json(this.wantsTokenIds));
    return Buffer.from(this.frame.head("text_completion", written) + this.frame.middle() + this.frame.tail());
  }
}

class CompletionChoice {
  readonly index: number;
  private text = "";
  private readonly lists = new Map<string, string[]>();
  private promptIds: unknown = null;
  private readonly tokenIds: unknown[] = [];
  private hasTokenIds = false;
  private finish: unknown = null;
  private stop: unknown = null;

  constructor(index: number) {
    this.index = index;
  }

  take(choice: Fields, rawLogprobs: () => Buffer | null) {
    if (typeof choice.text === "string") this.text += choice.text;
    if (isFields(choice.logprobs)) this.takeLogprobs(rawLogprobs());
    this.promptIds ??= choice.prompt_token_ids;
    if (Array.isArray(choice.token_ids)) {
      this.hasTokenIds = true;
      for (const id of choice.token_ids) this.tokenIds.push(id);
    }
    this.finish ??= choice.finish_reason;
    this.stop ??= choice.stop_reason;
  }

  private takeLogprobs(raw: Buffer | null) {
    for (const name of LISTS) {
      const list = this.lists.get(name) ?? [];
      this.lists.set(name, list);
      const inside = raw && memberOf(raw, name)?.toString("utf8").slice(1, -1);
      if (inside) list.push(withPythonNumbers(inside));
    }
  }

  json(wantsTokenIds: boolean): string {
    const lists = LISTS.map((name) => `"${name}":[${(this.lists.get(name) ?? []).join(",")}]`);
    const logprobs = this.lists.size > 0 ? `{${lists.join(",")}}` : "null";
    const tokenIds = this.hasTokenIds ? jsonOf(this.tokenIds) : "null";
    return (
      `{"index":${this.index},"text":${jsonOf(this.text)},"logprobs":${logprobs},"finish_reason":${jsonOf(this.finish)},` +
      `"stop_reason":${jsonOf(this.stop)},"token_ids":${tokenIds},"prompt_logprobs":null,` +
      `"prompt_token_ids":${wantsTokenIds ? jsonOf(this.promptIds) : "null"},"routed_experts":null}`
    );
  }
}
