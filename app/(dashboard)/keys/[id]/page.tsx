import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { cache, Suspense } from "react";
import { LiveRefresh } from "@/app/_ui/live-refresh";
import { SectionTitle } from "@/app/_ui/page-head";
import { TableSkeleton } from "@/app/_ui/skeleton";
import { isAdmin } from "@/lib/auth/member";
import { AppError } from "@/lib/errors";
import { getKey, type KeyDetail, keyHistory } from "@/lib/keys/queries";
import { isLive } from "@/lib/keys/status";
import { listRequests } from "@/lib/usage/requests/queries";
import { viewer } from "../../_shell/viewer";
import { keysContext } from "../context";
import { type KeysContext, newestUse } from "../key-facts";
import { KeyChart } from "./key-chart";
import { KeyFactsList } from "./key-facts-list";
import { KeyHead } from "./key-head";
import { KeyHistoryList } from "./key-history-list";
import { KeyLimits } from "./key-limits";
import { weekOf } from "./key-usage";
import { LastRequests } from "./last-requests";
import { liveUseOf } from "./live-use";
import { RotationNote } from "./rotation-note";
import { secretsWithUse } from "./secret-uses";
import { SecretsTable } from "./secrets-table";

type Params = { params: Promise<{ id: string }> };

/** Somebody else's key answers exactly like one that doesn't exist. */
const readKey = cache(async (id: string) => {
  const { member, now } = await viewer();
  return getKey(member, id, now).catch((error) => {
    if (error instanceof AppError && error.code === "not_found") notFound();
    throw error;
  });
});

export async function generateMetadata({ params }: Params): Promise<Metadata> {
  return { title: (await readKey((await params).id)).name };
}

const LIVE_MS = 10_000;

export default async function KeyPage({ params }: Params) {
  const [{ id }, { member, now }] = await Promise.all([params, viewer()]);
  const detail = await readKey(id);
  const [context, secrets] = await Promise.all([keysContext(member), secretsWithUse(member, detail, now)]);
  const key = { ...detail, secrets, lastUsedAt: newestUse(secrets)?.lastUsedAt ?? null };
  return (
    <div className="page">
      <LiveRefresh everyMs={LIVE_MS} />
      <div className="crumb">
        <Link href="/keys">Keys</Link>
        <span>/</span>
        <span>{key.member.name}</span>
      </div>
      <KeyHead of={key} context={context} />
      <RotationNote of={detail} now={now} />
      <SecretsTable of={key} />
      <Suspense fallback={<TableSkeleton rows={6} />}>
        <KeyDetails of={detail} context={context} />
      </Suspense>
    </div>
  );
}

/** What takes a little longer: usage, requests and history come when they are there, below what one came to do. */
async function KeyDetails({ of: key, context }: { of: KeyDetail; context: KeysContext }) {
  const { member, zone, now } = await viewer();
  const [history, week, use, requests] = await Promise.all([
    keyHistory(member, key.id),
    weekOf(member, key.id, zone, now),
    liveUseOf(member, key, now),
    listRequests(member, { keyIds: [key.id] }, null, 6),
  ]);
  return (
    <>
      <KeyLimits
        keyId={key.id}
        keyName={key.name}
        effective={key.effective}
        own={{ ...key.limits, models: key.models, cidrs: key.cidrs, rotateEveryDays: key.rotateEveryDays }}
        dates={{ createdAt: key.createdAt, expiresAt: key.expiresAt }}
        use={use}
        whose={key.member.id === member.memberId ? "your" : `${key.member.name}'s`}
        context={context}
        canEdit={isLive(key, now)}
      />
      <section className="columns columns-side">
        <div>
          <SectionTitle
            meta="last 7 days, by 3 hours"
            end={<Link href={`/usage?range=7d&key=${key.id}`}>Open in Usage</Link>}
          >
            Tokens
          </SectionTitle>
          <KeyChart slices={week} now={now} />
          <div className="gap-above-lg">
            <SectionTitle end={<Link href={`/requests?key=${key.id}`}>All of its requests</Link>}>
              Last requests
            </SectionTitle>
            <LastRequests rows={requests.rows} />
          </div>
        </div>
        <div>
          <SectionTitle>Facts</SectionTitle>
          <KeyFactsList of={key} isAdmin={isAdmin(member)} now={now} />
          <div className="gap-above-lg">
            <SectionTitle>History</SectionTitle>
            <KeyHistoryList events={history} />
          </div>
        </div>
      </section>
    </>
  );
}
