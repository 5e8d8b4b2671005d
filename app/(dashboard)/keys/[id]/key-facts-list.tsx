import { Time } from "@/app/_ui/time";
import type { KeyDetail } from "@/lib/keys/queries";

/** The pairs that describe a key. */
export function KeyFactsList({ of: key, isAdmin }: { of: KeyDetail; isAdmin: boolean }) {
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
      {key.rotationDueAt && (
        <>
          <dt>Rotation</dt>
          <dd>
            {key.rotateEveryDays ? `every ${key.rotateEveryDays} days, ` : "by policy, "}
            next <Time at={key.rotationDueAt} style="day" />
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
