import { counted } from "@/app/_ui/figures";
import { Note } from "@/app/_ui/note";
import { Time } from "@/app/_ui/time";
import type { KeyDetail } from "@/lib/keys/queries";

const DAY_MS = 86_400_000;

/** What is asked of somebody whose key should have a new secret by now; nothing for any other key. */
export function RotationNote({ of: { status, rotation, secrets }, now }: { of: KeyDetail; now: Date }) {
  const [current] = secrets;
  const isUsed = status.status === "active" || status.status === "expiring";
  if (!isUsed || !current || !rotation?.dueAt || rotation.dueAt > now) return null;
  const age = Math.floor((now.getTime() - current.createdAt.getTime()) / DAY_MS);
  return (
    <div className="gap-below">
      <Note tone="warn">
        Its secret is {counted(age, "day")} old.{" "}
        {rotation.isByPolicy ? "Your team's policy asks for a new one" : "It is to get a new one"} every{" "}
        {counted(rotation.everyDays, "day")}: that was due <Time at={rotation.dueAt} style="day" />. It goes on working
        until somebody rotates it.
      </Note>
    </div>
  );
}
