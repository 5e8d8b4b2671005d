import { counted } from "@/app/_ui/figures";
import { Time } from "@/app/_ui/time";
import type { KeyDetail } from "@/lib/keys/queries";

/** The pairs that describe a key. */
export function KeyFactsList({ of: key, isAdmin, now }: { of: KeyDetail; isAdmin: boolean; now: Date }) {
  return (
    <dl className="facts">
      {isAdmin && (
        <>
          <dt>Member</dt>
          <dd>{key.member.name}</dd>
        </>
      )}
      <dt>Created</dt>
      <dd>
        <Time at={key.createdAt} style="dayAndTime" />
      </dd>
      <dt>Expires</dt>
      <dd>{key.expiresAt ? <Time at={key.expiresAt} style="dayAndTime" /> : "Never"}</dd>
      {key.rotation && (
        <>
          <dt>Rotation</dt>
          <dd>
            every {counted(key.rotation.everyDays, "day")}
            {key.rotation.isByPolicy && " by policy"}
            {key.rotation.dueAt && (
              <>
                {key.rotation.dueAt <= now ? ", was due " : ", next "}
                <Time at={key.rotation.dueAt} style="day" />
              </>
            )}
          </dd>
        </>
      )}
      <dt>Models</dt>
      <dd className="row wrap tags">
        {key.models.length === 0
          ? "All"
          : key.models.map((model) => (
              <span key={model} className="tag">
                {model}
              </span>
            ))}
      </dd>
      <dt>Networks</dt>
      <dd>{key.cidrs.length === 0 ? "Anywhere" : <code>{key.cidrs.join(", ")}</code>}</dd>
      <dt>Key id</dt>
      <dd>
        <code>{key.id}</code>
      </dd>
    </dl>
  );
}
