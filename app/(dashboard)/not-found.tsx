import { ButtonLink } from "@/app/_ui/button-link";
import { Cut } from "@/app/_ui/cut";

export default function DashboardNotFound() {
  return (
    <div className="empty">
      <Cut hint="not found" state="ended" width={76} />
      <h1 className="empty-title">There is nothing here.</h1>
      <p className="prose">It doesn't exist, or it belongs to somebody else.</p>
      <ButtonLink href="/keys">Go to your keys</ButtonLink>
    </div>
  );
}
