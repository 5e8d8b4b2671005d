import type { Metadata } from "next";
import Link from "next/link";
import { CopyButton } from "@/app/_ui/copy-button";
import { PageHead, SectionTitle } from "@/app/_ui/page-head";
import { SnippetTabs } from "@/app/_ui/snippet-tabs";
import { memberChoices } from "@/lib/auth/queries";
import { env } from "@/lib/env";
import { ROUTES } from "@/lib/gateway/routes";
import { effectiveLimits, NO_LIMITS } from "@/lib/keys/limits";
import { getPolicy } from "@/lib/policy/queries";
import { readStanding } from "../_shell/pods";
import { viewer } from "../_shell/viewer";
import { AddressWarning } from "./address-warning";
import { LimitsList } from "./limits-list";
import { TroubleTable } from "./trouble-table";

export const metadata: Metadata = { title: "Connect" };

export default async function ConnectPage() {
  const { member } = await viewer();
  const [standing, policy, members] = await Promise.all([readStanding(), getPolicy(), memberChoices(member)]);
  const own = members.find(({ id }) => id === member.memberId);
  const limits = effectiveLimits(NO_LIMITS, own?.limits ?? NO_LIMITS, policy.roleLimits[member.role]);
  const base = `${env.PUBLIC_URL}/v1`;
  return (
    <div className="page">
      <PageHead title="Connect" meta="Any OpenAI or Anthropic client works" />
      <div className="columns columns-side">
        <div>
          <SectionTitle>Base URL</SectionTitle>
          <div className="row">
            <span className="field field-tall grow">
              <code className="anywhere">{base}</code>
            </span>
            <CopyButton text={base} />
          </div>
          <p className="help gap-below">
            It ends in <code>/v1</code>. Anthropic's SDK takes it without.
          </p>
          <AddressWarning publicUrl={env.PUBLIC_URL} />
          <div className="gap-above-lg">
            <SectionTitle>First call</SectionTitle>
            <SnippetTabs publicUrl={env.PUBLIC_URL} model={standing.models[0] ?? null} secret={null} />
            <p className="help">
              <code>$PODPASS_KEY</code> stands for your secret. This page has none to show;{" "}
              <Link href="/keys?new=1">make a key</Link> to get one.
            </p>
          </div>
          <div className="gap-above-lg">
            <SectionTitle>When it fails</SectionTitle>
            <TroubleTable />
            <p className="help">
              Every answer carries an <code>x-request-id</code>; paste it under <Link href="/requests">Requests</Link>{" "}
              to see what happened.
            </p>
          </div>
        </div>
        <div>
          <SectionTitle meta="live">Models</SectionTitle>
          {standing.models.length === 0 ? (
            <p className="muted">{standing.words}, so there is no model to ask for right now.</p>
          ) : (
            <ul className="history models">
              {standing.models.map((model) => (
                <li key={model}>
                  <code className="anywhere">{model}</code>
                  <CopyButton text={model} iconLabel={`Copy ${model}`} />
                </li>
              ))}
            </ul>
          )}
          <div className="gap-above-lg">
            <SectionTitle>Your limits</SectionTitle>
            <LimitsList limits={limits} />
          </div>
          <div className="gap-above-lg">
            <SectionTitle>Endpoints</SectionTitle>
            <ul className="endpoints mono">
              {ROUTES.map(({ method, path }) => (
                <li key={`${method} ${path}`}>
                  <span className="muted">{method}</span> {path}
                </li>
              ))}
            </ul>
            <p className="help">Anything else under the API is a 404, in OpenAI's shape.</p>
          </div>
        </div>
      </div>
    </div>
  );
}
