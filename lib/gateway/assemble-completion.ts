import { AnswerFrame, logprobsAt } from "./assemble-openai";
import {
  type Assembler,
  BYTES_PER_CHOICE,
  BYTES_PER_PIECE,
  type Fields,
  isFields,
  jsonOf,
  listOf,
  objectIn,
  UnreadableEvent,
} from "./assembly";
import { memberOf } from "./json-spans";
import { withPythonNumbers } from "./python-numbers";

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
      const known = this.choice(choice.index);
      this.size += BYTES_PER_PIECE + known.take(choice, () => logprobsAt(payload, at));
    }
  }

  private choice(index: number): CompletionChoice {
    const known = this.choices.get(index);
    if (known !== undefined) return known;
    const choice = new CompletionChoice(index);
    this.choices.set(index, choice);
    this.size += BYTES_PER_CHOICE;
    return choice;
  }

  finish(): Buffer {
    if (this.choices.size === 0) throw new UnreadableEvent("a stream without choices");
    const choices = [...this.choices.values()].sort((a, b) => a.index - b.index);
    const written = choices.map((choice) => choice.json(this.wantsTokenIds));
    return Buffer.from(this.frame.head("text_completion", written) + this.frame.middle() + this.frame.tail());
  }
}

const BYTES_PER_ID = 8;

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

  /** Returns about how many bytes it adds to the answer. */
  take(choice: Fields, rawLogprobs: () => Buffer | null): number {
    const text = typeof choice.text === "string" ? choice.text : "";
    this.text += text;
    const scores = isFields(choice.logprobs) ? rawLogprobs() : null;
    if (scores !== null) this.takeLogprobs(scores);
    this.promptIds ??= choice.prompt_token_ids;
    const ids = listOf(choice.token_ids);
    this.hasTokenIds ||= Array.isArray(choice.token_ids);
    for (const id of ids) this.tokenIds.push(id);
    this.finish ??= choice.finish_reason;
    this.stop ??= choice.stop_reason;
    return text.length + (scores?.length ?? 0) + BYTES_PER_ID * ids.length;
  }

  private takeLogprobs(raw: Buffer) {
    for (const name of LISTS) {
      const list = this.lists.get(name) ?? [];
      this.lists.set(name, list);
      const inside = memberOf(raw, name)?.toString("utf8").slice(1, -1);
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
