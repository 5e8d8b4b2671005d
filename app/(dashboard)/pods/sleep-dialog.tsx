"use client";

import { useState } from "react";
import { counted } from "@/app/_ui/figures";
import { FinalDialog } from "@/app/_ui/final-dialog";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import { sleepAction } from "./actions";
import type { PodView } from "./read-pods";

/** Puts a pod to sleep by hand. Its name is typed only while calls run on it. */
export function SleepDialog({ of, onClose }: { of: PodView; onClose: () => void }) {
  const [pod] = useState(of);
  const form = useFormAction(sleepAction, () => {
    showToast(`${pod.name} is put to sleep`);
    onClose();
  });
  return (
    <FinalDialog
      {...form}
      title={`Put ${pod.name} to sleep`}
      verb="Put to sleep"
      typedName={pod.runningCount > 0 ? pod.name : null}
      fields={{ podId: pod.id }}
      onClose={onClose}
    >
      <p>
        {pod.runningCount > 0
          ? `${counted(pod.runningCount, "call")} on it now: they break off.`
          : "No call runs on it now."}{" "}
        {pod.power?.wakeWhenCalled
          ? "The next call for it wakes it again."
          : "Calls for models that only it serves fail until somebody wakes it."}
      </p>
      <p className="gap-above">
        Its stop hook is called at {pod.power?.stopHost}. While it is asleep it costs nothing here; your provider may
        still charge for its disk.
      </p>
    </FinalDialog>
  );
}
