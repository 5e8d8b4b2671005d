import { PageHead } from "@/app/_ui/page-head";
import { adminNames } from "@/lib/auth/queries";

/** What a member finds on a page that is not for them: why, and who could. */
export async function AdminsOnly({ title, what }: { title: string; what: string }) {
  const names = await adminNames();
  const either = new Intl.ListFormat("en", { type: "disjunction" }).format(names);
  return (
    <div className="page">
      <PageHead title={title} />
      <p className="prose">
        Only admins can {what}. {either ? `Ask ${either}.` : "Ask whoever runs this Podpass."}
      </p>
    </div>
  );
}
