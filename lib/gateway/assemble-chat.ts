import { AnswerFrame, logprobsAt } from "./assemble-openai";
import {
  type Assembler,
  BYTES_PER_CHOICE,
  BYTES_PER_PIECE,
  isFields,
  jsonOf,
  listOf,
  objectIn,
  UnreadableEvent,
} from "./assembly";
import { ChatChoice, type ChatWish } from "./chat-choice";

/** Puts the chunks of `/v1/chat/completions` together, byte for byte as vLLM answers without streaming. */
export class ChatAssembler implements Assembler {
  size = 0;
  private readonly wish: ChatWish;
  private readonly frame = new AnswerFrame();
  private readonly choices = new Map<number, ChatChoice>();
  private promptIds: unknown = null;
  private promptText: unknown = null;

  constructor(wish: ChatWish) {
    this.wish = wish;
  }

  take(payload: Buffer) {
    const chunk = objectIn(payload);
    this.frame.take(chunk, payload);
    this.promptIds ??= chunk.prompt_token_ids;
    this.promptText ??= chunk.prompt_text;
    for (const [at, choice] of listOf(chunk.choices).entries()) {
      if (!isFields(choice) || typeof choice.index !== "number") throw new UnreadableEvent("a choice without index");
      const known = this.choice(choice.index);
      this.size += BYTES_PER_PIECE + known.take(choice, () => logprobsAt(payload, at));
    }
  }

  private choice(index: number): ChatChoice {
    const known = this.choices.get(index);
    if (known !== undefined) return known;
    const choice = new ChatChoice(index, this.wish);
    this.choices.set(index, choice);
    this.size += BYTES_PER_CHOICE;
    return choice;
  }

  finish(): Buffer {
    if (this.choices.size === 0) throw new UnreadableEvent("a stream without choices");
    const choices = [...this.choices.values()].sort((a, b) => a.index - b.index).map((choice) => choice.json());
    const prompt = `,"prompt_logprobs":null,"prompt_token_ids":${jsonOf(this.promptIds)},"prompt_text":${jsonOf(this.promptText)}`;
    return Buffer.from(this.frame.head("chat.completion", choices) + this.frame.middle() + prompt + this.frame.tail());
  }
}
