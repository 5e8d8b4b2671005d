const MINUTE_MS = 60_000;
const SLOT_MS = 1_000;

/** What was taken within one second. It counts until a minute after the last of it. */
export type Slot = { second: number; lastAt: number; amount: number };

/**
 * What was taken in the last minute, sliding: no sixty seconds, wherever they begin, ever hold more than was let
 * through. At most 61 slots, however much is taken. Times are ms of any clock that never runs backwards.
 */
export class MinuteWindow {
  private slots: Slot[] = [];
  private total = 0;

  /** What counts at `now`. */
  used(now: number): number {
    this.forget(now);
    return this.total;
  }

  /** Takes `amount`; the slot is what `giveBack` needs. Whether there is room is the caller's business. */
  take(amount: number, now: number): Slot {
    this.forget(now);
    const second = Math.floor(now / SLOT_MS);
    let slot = this.slots.at(-1);
    if (slot === undefined || slot.second !== second) {
      slot = { second, lastAt: now, amount: 0 };
      this.slots.push(slot);
    }
    slot.lastAt = now;
    slot.amount += amount;
    this.total += amount;
    return slot;
  }

  /** Returns what was taken and not used; what has slid out of the window is forgotten anyway. */
  giveBack(slot: Slot, amount: number) {
    const returned = Math.min(amount, slot.amount);
    slot.amount -= returned;
    this.total -= returned;
  }

  /** Ms from `now` until `amount` more fits below `limit`, if nothing else is taken meanwhile; 0 where it fits now. */
  roomAfterMs(amount: number, limit: number, now: number): number {
    this.forget(now);
    let excess = this.total + amount - limit;
    if (excess <= 0) return 0;
    for (const slot of this.slots) {
      excess -= slot.amount;
      if (excess <= 0) return untilGone(slot, now);
    }
    return MINUTE_MS;
  }

  /** Ms from `now` until nothing counts any more. */
  emptyAfterMs(now: number): number {
    this.forget(now);
    const last = this.slots.findLast((slot) => slot.amount > 0);
    return last === undefined ? 0 : untilGone(last, now);
  }

  private forget(now: number) {
    let gone = 0;
    for (const slot of this.slots) {
      if (slot.lastAt + MINUTE_MS > now) break;
      this.total -= slot.amount;
      slot.amount = 0; // a late `giveBack` finds nothing
      gone += 1;
    }
    if (gone > 0) this.slots.splice(0, gone);
  }
}

/** Never more than a minute, as a fraction of a millisecond lost in the sum would have it. */
function untilGone({ lastAt }: Slot, now: number) {
  return Math.min(MINUTE_MS, lastAt + MINUTE_MS - now);
}
