import Link from "next/link";
import { StatusGlyph } from "@/app/_ui/status-glyph";
import type { PodStanding } from "./pod-standing";

/** The pods' state at the foot of the sidebar; for those who may look at the pods, the way there. */
export function PodLine({ standing, href }: { standing: PodStanding; href: string | null }) {
  const words = (
    <>
      <span className="row">
        <span className={`status tone-${standing.tone}`}>
          <StatusGlyph glyph={standing.glyph} />
        </span>
        <span className="pod-words">{standing.words}</span>
      </span>
      <span className="muted">{standing.models.join(", ") || "No model is served"}</span>
    </>
  );
  if (href === null) return <div className="pod-line">{words}</div>;
  return (
    <Link className="pod-line" href={href}>
      {words}
    </Link>
  );
}
