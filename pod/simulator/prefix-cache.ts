import { hashText } from "./seed";
import { splitTokens } from "./tokenizer";

const BLOCK = 16;

/** Remembers blocks of 16 tokens with all that precedes them, as vLLM's prefix cache does; the oldest go first. */
export class PrefixCache {
  private readonly blocks = new Set<number>();
  private readonly size: number;

  constructor(size = 20_000) {
    this.size = size;
  }

  /** How many leading tokens of this prompt were already there; the last token is always computed. */
  take(prompt: string): number {
    const tokens = splitTokens(prompt);
    let hash = 0;
    let cached = 0;
    let together = true;
    for (let at = 0; at + BLOCK <= tokens.length; at += BLOCK) {
      hash = hashText(tokens.slice(at, at + BLOCK).join(""), hash);
      together &&= this.blocks.has(hash);
      if (together) cached += BLOCK;
      this.blocks.delete(hash);
      this.blocks.add(hash);
    }
    for (const oldest of this.blocks) {
      if (this.blocks.size <= this.size) break;
      this.blocks.delete(oldest);
    }
    return Math.min(cached, Math.max(0, tokens.length - 1));
  }
}
