/** A comment, which every reader of server-sent events skips: no event, and no token. */
export const HEARTBEAT = ": keep-alive\n\n";

/** Tells when a stream has been quiet for so long that proxies on the way to its client may take it for dead. */
export class Heartbeat {
  private bytes = -1;
  private since = 0;

  /** Asked now and then, with all the bytes that went out so far. True at most once in `quietMs`. */
  isDue(bytes: number, now: number, quietMs: number): boolean {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.since = now;
      return false;
    }
    if (now - this.since < quietMs) return false;
    this.since = now;
    return true;
  }
}
