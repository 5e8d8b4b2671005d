import type { Checkable } from "./check";

/** A request on plain values, whatever transport brought it. */
export type GatewayRequest = Checkable & {
  method: string;
  /** As it was sent, without the query: nothing is folded or decoded. */
  path: string;
  /**
   * Where no secret is sent: proves the caller by other means and settles with the digest of theirs. Only code of ours can
   * set it, no header does.
   */
  prove?: (() => Promise<Buffer>) | undefined;
};

/** Where an answer goes: one a request. Writing to a client that has left does nothing. */
export interface Client {
  /** Nobody listens any more. */
  readonly isGone: boolean;
  /** Heard at most once, when the client leaves before the answer is complete. */
  onGone: (() => void) | null;
  /** Heard when a client that asked to wait can take more. */
  onDrain: (() => void) | null;
  /** Monotonic ms since which the client has had more bytes than it reads; null while it keeps up. */
  readonly waitingSince: number | null;
  /** Status and headers leave at once: the first token may be a minute away. */
  begin(status: number, headers: Record<string, string>): void;
  /** Latin-1: one character a byte. False: hold on until `onDrain`. The bytes are taken either way. */
  write(text: string): boolean;
  /** The answer is complete. */
  end(): void;
  /** A whole answer, in one go. */
  answer(status: number, headers: Record<string, string>, body: Buffer): void;
  /** Breaks the connection off, so that a broken answer can't pass for a whole one. */
  cut(): void;
}
