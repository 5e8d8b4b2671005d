import { momentOf } from "@/app/_ui/moments";
import { type Address, readAddress } from "../_shell/address";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

export type ActivityView = {
  memberId: string | undefined;
  /** An action (`key.rotate`) or a kind (`key`). */
  action: string | undefined;
  /** First and last day, as the date fields show them. */
  days: { first: string; last: string };
  from: Date | undefined;
  to: Date | undefined;
  cursor: string | undefined;
};

/** Reads an address; days are the viewer's own, the last one counts whole. What makes no sense is left out. */
export function readActivityView(address: Address, zone: string): ActivityView {
  const { text } = readAddress(address);
  const day = (name: string) => {
    const value = text(name);
    return value !== undefined && DAY.test(value) && momentOf(value, "00:00:00", zone) ? value : "";
  };
  const days = { first: day("from"), last: day("to") };
  const start = (date: string) => (date === "" ? undefined : (momentOf(date, "00:00:00", zone) ?? undefined));
  return {
    memberId: text("member"),
    action: text("action"),
    days,
    from: start(days.first),
    to: days.last === "" ? undefined : start(dayAfter(days.last)),
    cursor: text("cursor"),
  };
}

/** The calendar's next day, whatever the clocks do. */
function dayAfter(date: string) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
