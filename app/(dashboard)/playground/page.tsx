import type { Metadata } from "next";
import { ButtonLink } from "@/app/_ui/button-link";
import { PlusIcon } from "@/app/_ui/icons";
import { PageHead } from "@/app/_ui/page-head";
import { env } from "@/lib/env";
import { callableKeys } from "@/lib/playground/queries";
import { readStanding } from "../_shell/pods";
import { viewer } from "../_shell/viewer";
import { PlaygroundScreen } from "./playground-screen";

export const metadata: Metadata = { title: "Playground" };

type Search = Promise<Record<string, string | string[] | undefined>>;

export default async function PlaygroundPage({ searchParams }: { searchParams: Search }) {
  const [{ member, now }, params] = await Promise.all([viewer(), searchParams]);
  const [keys, standing] = await Promise.all([callableKeys(member.memberId, now), readStanding()]);
  const chosen = keys.find(({ id }) => id === params.key) ?? keys[0];
  if (!chosen) return <NoKey />;
  const model = typeof params.model === "string" ? params.model : null;
  return (
    <PlaygroundScreen
      keys={keys}
      served={standing.models}
      chosen={{ keyId: chosen.id, model }}
      publicUrl={env.PUBLIC_URL}
    />
  );
}

function NoKey() {
  return (
    <div className="page">
      <PageHead title="Playground" />
      <p className="nothing">You have no key that can call right now, and the playground calls with one of yours.</p>
      <ButtonLink href="/keys?new=1" tone="primary" icon={<PlusIcon size={14} />}>
        New key
      </ButtonLink>
    </div>
  );
}
