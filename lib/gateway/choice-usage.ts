import { UsageMark } from "./stream-reader";
import type { Tokens } from "./tokens";

/** vLLM's own limit for `n`; what a pod says beyond it is not believed. */
const MOST_CHOICES = 16_384;

/**
 * The usage of a stream with one or more choices. While it runs, vLLM tells each choice's own numbers, with the tokens of the
 * prompt it belongs to; only the last chunk has the sum. Choice `i` belongs to prompt `floor(i / choicesPerPrompt)`.
 */
export class ChoiceUsage {
  private readonly choicesPerPrompt: number;
  private readonly total = new UsageMark();
  private readonly first = new UsageMark();
  private others: Map<number, UsageMark> | null = null;
  private hasTotal = false;

  constructor(choicesPerPrompt: number) {
    this.choicesPerPrompt = choicesPerPrompt;
  }

  /** Remembers what was told last for a choice, or, for null, for all of them. */
  set(choice: number | null, text: Buffer, start: number, end: number) {
    if (choice === null) {
      this.hasTotal = true;
      this.total.set(text, start, end);
    } else this.markOf(choice).set(text, start, end);
  }

  /** The sum; `estimated` where a number was out of range and an earlier one is used; null if nothing was told. */
  read(): Tokens | null {
    const total = this.total.read();
    if (total !== null) return total;
    const sum = this.sum();
    return sum !== null && this.hasTotal ? { ...sum, source: "estimated" } : sum;
  }

  private markOf(choice: number) {
    if (choice <= 0 || choice >= MOST_CHOICES) return this.first;
    this.others ??= new Map();
    const known = this.others.get(choice);
    if (known) return known;
    const mark = new UsageMark();
    this.others.set(choice, mark);
    return mark;
  }

  private sum(): Tokens | null {
    const first = this.first.read();
    if (this.others === null) return first;
    const told = [...this.others].map(([choice, mark]) => ({ choice, tokens: mark.read() }));
    const prompts = new Map<number, number>();
    const sum: Tokens = { prompt: 0, cached: 0, completion: 0, source: "measured" };
    for (const { choice, tokens } of [{ choice: 0, tokens: first }, ...told]) {
      if (tokens === null) continue;
      prompts.set(Math.floor(choice / this.choicesPerPrompt), tokens.prompt);
      sum.completion += tokens.completion;
      if (tokens.source !== "measured") sum.source = tokens.source;
    }
    for (const tokens of prompts.values()) sum.prompt += tokens;
    return prompts.size === 0 ? null : sum;
  }
}
