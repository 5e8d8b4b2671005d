import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { LiveRefresh } from "@/app/_ui/live-refresh";
import { SectionTitle } from "@/app/_ui/page-head";
import { isAdmin } from "@/lib/auth/member";
import { AppError } from "@/lib/errors";
import { getKey, keyHistory } from "@/lib/keys/queries";
import { isLive } from "@/lib/keys/status";
import { listRequests } from "@/lib/usage/requests/queries";
import { viewer } from "../../_shell/viewer";
import { keysContext } from "../context";
import { KeyChart } from "./key-chart";
import { KeyFactsList } from "./key-facts-list";
import { KeyHead } from "./key-head";
import { KeyHistoryList } from "./key-history-list";
import { KeyLimits } from "./key-limits";
import { spentBy, weekOf } from "./key-usage";
import { LastRequests } from "./last-requests";
import { SecretsTable } from "./secrets-table";

export const metadata: Metadata = { title: "Key" };

const LIVE_MS = 10_000;

export default async function KeyPage({ params }: { params: Promise<{ id: string }> }) {
  const [{ id }, { member, zone, now }] = await Promise.all([params, viewer()]);
  const detail = await getKey(member, id, now).catch((error) => {
    // Somebody else's key answers exactly like one that doesn't exist.
    if (error instanceof AppError && error.code === "not_found") notFound();
    throw error;
  });
  const [context, history, week, spent, requests] = await Promise.all([
    keysContext(member),
    keyHistory(member, id),
    weekOf(member, id, zone, now),
    spentBy(member, id, now),
    listRequests(member, { keyIds: [id] }, null, 6),
  ]);
  const key = { ...detail, lastUsedAt: newestUse(detail.secrets) };
  return (
    <div className="page">
      <LiveRefresh everyMs={LIVE_MS} />
      <div className="crumb">
        <Link href="/keys">Keys</Link>
        <span>/</span>
        <span>{key.member.name}</span>
      </div>
      <KeyHead of={key} context={context} />
      <SecretsTable of={key} />
      <KeyLimits
        keyId={key.id}
        keyName={key.name}
        effective={detail.effective}
        own={{ ...detail.limits, models: detail.models, cidrs: detail.cidrs, rotateEveryDays: detail.rotateEveryDays }}
        spent={spent}
        context={context}
        canEdit={isLive(key, now)}
      />
      <section className="columns columns-side">
        <div>
          <SectionTitle
            meta="last 7 days, by 3 hours"
            end={<Link href={`/usage?range=7d&key=${id}`}>Open in Usage</Link>}
          >
            Tokens
          </SectionTitle>
          <KeyChart slices={week} now={now} />
          <div className="gap-above-lg">
            <SectionTitle end={<Link href={`/requests?key=${id}`}>All of its requests</Link>}>
              Last requests
            </SectionTitle>
            <LastRequests rows={requests.rows} />
          </div>
        </div>
        <div>
          <SectionTitle>Facts</SectionTitle>
          <KeyFactsList of={detail} isAdmin={isAdmin(member)} />
          <div className="gap-above-lg">
            <SectionTitle>History</SectionTitle>
            <KeyHistoryList events={history} />
          </div>
        </div>
      </section>
    </div>
  );
}

function newestUse(secrets: readonly { lastUsedAt: Date | null }[]) {
  const times = secrets.flatMap(({ lastUsedAt }) => (lastUsedAt ? [lastUsedAt.getTime()] : []));
  return times.length === 0 ? null : new Date(Math.max(...times));
}
