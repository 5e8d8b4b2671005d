import Link from "next/link";
import { Note } from "@/app/_ui/note";
import { NAV } from "./nav";
import type { PodStanding } from "./pod-standing";

/** What concerns every page: answers that are made up, or none at all. */
export function Banners({ standing, isAdmin }: { standing: PodStanding; isAdmin: boolean }) {
  const podsPage = isAdmin ? NAV.find(({ icon }) => icon === "pods") : undefined;
  if (standing.isServing && !standing.isSimulated) return null;
  return (
    <div className="banners">
      {standing.isSimulated ? (
        <Note tone="info">
          <b>Simulated pod.</b> It answers for now, so every model reply is made up.{" "}
          {podsPage ? <Link href={podsPage.href}>Connect your pod</Link> : "An admin can connect a real one."}
        </Note>
      ) : (
        <Note tone="warn">
          {standing.words}, so calls are refused with <code>pod_unavailable</code>.{" "}
          {podsPage ? (
            <Link href={podsPage.href}>Look at the pods</Link>
          ) : (
            "Tell an admin. Your keys and usage stay here."
          )}
        </Note>
      )}
    </div>
  );
}
