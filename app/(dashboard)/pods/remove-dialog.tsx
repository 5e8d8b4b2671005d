"use client";

import { useState } from "react";
import { counted } from "@/app/_ui/figures";
import { FinalDialog } from "@/app/_ui/final-dialog";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import { removeAction } from "./actions";
import type { PodView } from "./read-pods";

/** Takes a pod out of service for good. Its name is typed only while it is in use. */
export function RemoveDialog({ of, onClose }: { of: PodView; onClose: () => void }) {
  const [pod] = useState(of);
  const form = useFormAction(removeAction, () => {
    showToast(`${pod.name} is removed`);
    onClose();
  });
  const isInUse = pod.hour.requests > 0 || pod.runningCount > 0;
  return (
    <FinalDialog
      {...form}
      title={`Remove ${pod.name}`}
      verb="Remove pod"
      typedName={isInUse ? pod.name : null}
      fields={{ podId: pod.id }}
      onClose={onClose}
    >
      <p>
        {isInUse &&
          `${counted(pod.runningCount, "call")} on it now, ${counted(pod.hour.requests, "request")} in the last hour. `}
        It gets no new calls; those that run finish. Calls for models that only it serves fail from then on.
      </p>
      <p className="gap-above">
        This is for good: its stored key is deleted. Its usage and history stay. To stop it for a while, pause it
        instead.
      </p>
    </FinalDialog>
  );
}
