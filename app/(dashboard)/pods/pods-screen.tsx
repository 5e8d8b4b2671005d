"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { PlusIcon } from "@/app/_ui/icons";
import { PageHead } from "@/app/_ui/page-head";
import { useAsked } from "../_shell/use-asked";
import { type OpenDialog, PodDialogs } from "./dialogs";
import { PodSection } from "./pod-section";
import type { PodView } from "./read-pods";

export function PodsScreen({ pods }: { pods: readonly PodView[] }) {
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  useAsked({ add: () => setDialog({ kind: "add" }) });
  const addPod = (
    <Button icon={<PlusIcon size={14} />} onClick={() => setDialog({ kind: "add" })}>
      Add pod
    </Button>
  );
  return (
    <div className="page">
      <PageHead title="Pods" meta={pods.length > 0 ? inShort(pods) : null}>
        {pods.length > 0 && addPod}
      </PageHead>
      {pods.length === 0 ? (
        <div className="empty">
          <p className="empty-title">There is no pod yet.</p>
          <p className="prose">
            A pod is a machine that runs vLLM. Podpass sends the team's calls there, with a key that only it knows.
          </p>
          {addPod}
        </div>
      ) : (
        pods.toSorted(pausedLast).map((pod) => <PodSection key={pod.id} of={pod} onOpen={setDialog} />)
      )}
      <PodDialogs open={dialog} onClose={() => setDialog(null)} />
    </div>
  );
}

const pausedLast = (a: PodView, b: PodView) => Number(a.pausedAt !== null) - Number(b.pausedAt !== null);

/** `1 serving, 1 paused, 1 not serving` */
function inShort(pods: readonly PodView[]) {
  const paused = pods.filter(({ pausedAt }) => pausedAt !== null).length;
  const serving = pods.filter(({ pausedAt, state }) => pausedAt === null && state === "serving").length;
  const rest = pods.length - paused - serving;
  return [serving > 0 && `${serving} serving`, rest > 0 && `${rest} not serving`, paused > 0 && `${paused} paused`]
    .filter(Boolean)
    .join(", ");
}
