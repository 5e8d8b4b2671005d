import type { ReactNode } from "react";
import { Mark } from "./mark";

const TEETH =
  "M-10 34H90L112 20H212L234 46H334L356 28H456L478 12H578L600 40H700L722 22H822L844 50H944L966 30H1066L1088 16H1188L1210 38H1310L1332 24H1500V80H-10Z";

/** The page in front of the product: sign-in, setup, invite, reset. Its toothed lime edge appears nowhere else. */
export function Gate({
  title,
  lead,
  foot,
  roomy,
  children,
}: {
  title: ReactNode;
  lead?: ReactNode;
  /** A last grey line, such as whom to ask. */
  foot?: ReactNode;
  /** For steps that show more than a few fields. */
  roomy?: boolean;
  children: ReactNode;
}) {
  return (
    <div className="gate">
      <main className={roomy ? "gate-roomy" : undefined}>
        <div className="gate-head">
          <Mark size={34} />
          <span className="word">Podpass</span>
        </div>
        <h1>{title}</h1>
        {lead && <p className="gate-lead">{lead}</p>}
        {children}
        {foot && <p className="gate-foot">{foot}</p>}
      </main>
      <svg className="gate-cut" viewBox="0 0 1440 72" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
        <path d={TEETH} fill="var(--accent)" stroke="var(--accent-edge)" />
      </svg>
    </div>
  );
}

/** The word between two ways in. */
export function GateOr() {
  return (
    <div className="gate-or">
      <span>or</span>
    </div>
  );
}
