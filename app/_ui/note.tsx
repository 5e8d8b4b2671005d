import type { ReactNode } from "react";
import { InfoIcon, WarnIcon } from "./icons";

/** One line of wash with a glyph: above the title when it concerns the page, beside the cause otherwise. */
export function Note({
  tone = "idle",
  role,
  children,
}: {
  tone?: "idle" | "info" | "warn" | "danger";
  role?: "status" | "alert";
  children: ReactNode;
}) {
  return (
    <div className={tone === "idle" ? "note" : `note note-${tone}`} role={role}>
      {tone === "warn" || tone === "danger" ? <WarnIcon size={14} /> : <InfoIcon size={14} />}
      <span className="grow">{children}</span>
    </div>
  );
}
