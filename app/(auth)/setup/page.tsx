import type { Metadata } from "next";
import { cookies } from "next/headers";
import { notFound } from "next/navigation";
import { Button } from "@/app/_ui/button";
import { TextField } from "@/app/_ui/field";
import { Gate } from "@/app/_ui/gate";
import { knownZone, ZONE_COOKIE } from "@/app/_ui/zone-cookie";
import { maySetUp } from "@/lib/auth/browser-session";
import { isFresh } from "@/lib/auth/owner";
import type { SignedIn } from "@/lib/auth/session";
import { env } from "@/lib/env";
import { testPod } from "@/lib/pods/mutations";
import { listPods, servedModels } from "@/lib/pods/queries";
import { getPolicy } from "@/lib/policy/queries";
import { KeyForm } from "./key-form";
import { KnownPod } from "./known-pod";
import { OwnerForm } from "./owner-form";
import { PodForm } from "./pod-form";
import { resuming } from "./step";

export const metadata: Metadata = { title: "Set up" };

type Search = { code?: string | string[] };

/** Open while there is no member, then for the owner who is in the middle of it, and to nobody else ever again. */
export default async function SetupPage({ searchParams }: { searchParams: Promise<Search> }) {
  if (await isFresh()) {
    const { code } = await searchParams;
    const given = typeof code === "string" ? code : "";
    return (await maySetUp(given)) ? <OwnerStep code={given} /> : <CodeStep isWrong={given !== ""} />;
  }
  const resumed = await resuming();
  if (resumed === null) notFound();
  return resumed.step === "pod" ? <PodStep owner={resumed.owner} /> : <KeyStep owner={resumed.owner} />;
}

function CodeStep({ isWrong }: { isWrong: boolean }) {
  return (
    <Gate
      title="Set up Podpass"
      lead="This Podpass has no owner yet. So that nobody else becomes it, enter the setup code that Podpass printed when it started."
    >
      <form action="/setup">
        <TextField
          label="Setup code"
          name="code"
          autoComplete="one-time-code"
          mono
          error={isWrong ? "This is not the code. It changes at every start." : null}
          autoFocus
          required
        />
        <Button type="submit" tone="primary" wide>
          Continue
        </Button>
      </form>
    </Gate>
  );
}

function OwnerStep({ code }: { code: string }) {
  return (
    <Gate title="Set up Podpass, step 1 of 3" lead="You become the owner: you invite the others and decide the rules.">
      <OwnerForm code={code} />
    </Gate>
  );
}

async function PodStep({ owner }: { owner: SignedIn }) {
  const pods = await listPods(owner);
  const own = pods.find(({ simulatedAt }) => simulatedAt === null);
  const lead = own
    ? `Podpass was started with the pod at ${own.baseUrl}. You can change it later under Pods.`
    : "The machine that runs vLLM. You can change it later under Pods.";
  return (
    <Gate roomy title="Connect your pod, step 2 of 3" lead={lead}>
      {own ? (
        <KnownPod podId={own.id} baseUrl={own.baseUrl} />
      ) : (
        <PodForm skip={pods.length > 0 ? "Skip: go on with the simulated pod" : "Skip: connect it later"} />
      )}
    </Gate>
  );
}

async function KeyStep({ owner }: { owner: SignedIn }) {
  const [{ defaultKeyDays, maxKeyDays }, models, jar] = await Promise.all([getPolicy(), modelsNow(owner), cookies()]);
  const days = defaultKeyDays ?? maxKeyDays;
  const ends =
    days === null ? "It works until you revoke it." : `It ends in ${days} days. You can choose otherwise later.`;
  const zone = knownZone(jar.get(ZONE_COOKIE)?.value) ?? "UTC";
  return (
    <Gate
      roomy
      title="Your first key, step 3 of 3"
      lead="Programs call Podpass with it as they would call vLLM or OpenAI."
    >
      <KeyForm memberName={owner.name} publicUrl={env.PUBLIC_URL} model={models[0] ?? null} ends={ends} zone={zone} />
    </Gate>
  );
}

/** The models that are served; a pod that was added a moment ago and not looked at yet is asked here. */
async function modelsNow(owner: SignedIn): Promise<string[]> {
  const served = await servedModels();
  const unseen = served.length > 0 ? undefined : (await listPods(owner)).find(({ state }) => state === "unknown");
  if (!unseen) return served;
  const answer = await testPod(owner, { podId: unseen.id, baseUrl: unseen.baseUrl });
  return answer.ok ? answer.models : [];
}
