import Link from "next/link";
import { durationWords } from "@/app/_ui/figures";
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
          {standing.words}
          <Meanwhile standing={standing} />{" "}
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

/** What happens to calls until a pod serves. */
function Meanwhile({ standing: { waitSeconds, isWokenByCalls } }: { standing: PodStanding }) {
  const refused = (
    <>
      refused with <code>pod_unavailable</code>
    </>
  );
  const wait = `wait for up to ${durationWords(waitSeconds)}`;
  if (isWokenByCalls && waitSeconds > 0)
    return (
      <>
        . A call wakes it; calls {wait} and are then {refused}.
      </>
    );
  if (isWokenByCalls) return <>. A call wakes it; until it serves, calls are {refused}.</>;
  if (waitSeconds > 0)
    return (
      <>
        . Calls {wait} and are then {refused}.
      </>
    );
  return <>, so calls are {refused}.</>;
}
