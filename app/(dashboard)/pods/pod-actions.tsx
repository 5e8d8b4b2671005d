"use client";

import { useRouter } from "next/navigation";
import { useState, useTransition } from "react";
import { Button, IconButton } from "@/app/_ui/button";
import { Found } from "@/app/_ui/connection-found";
import { EditIcon, KeyIcon, MoreIcon, RevokeIcon } from "@/app/_ui/icons";
import { Menu, MenuItem, MenuRule } from "@/app/_ui/menu";
import { showToast } from "@/app/_ui/toast";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import type { ConnectionResult } from "@/lib/pods/connection";
import { pauseAction, resumeAction, testAction } from "./actions";
import type { OpenDialog } from "./dialogs";
import { PowerItems, WakeButton } from "./pod-power";
import type { PodView } from "./read-pods";

const LOST = "Podpass did not answer. Look whether it happened before you try again.";

/** What one can do with a pod, beside its name; what a test found stands below. */
export function PodActions({ of: pod, onOpen }: { of: PodView; onOpen: (dialog: OpenDialog) => void }) {
  const router = useRouter();
  const [found, setFound] = useState<ConnectionResult | null>(null);
  const test = useFormAction(testAction, setFound);
  const [isSwitching, start] = useTransition();

  function turn(on: boolean, isUndo = false) {
    start(async () => {
      const action = on ? resumeAction : pauseAction;
      const result = await action(null, formOf({ podId: pod.id })).catch(() => null);
      if (!result?.ok) {
        showToast(result?.message ?? LOST);
        router.refresh();
        return;
      }
      const words = on ? `${pod.name} gets calls again` : `${pod.name} is paused. Calls that run on it finish.`;
      showToast(words, isUndo ? undefined : () => turn(!on, true));
    });
  }

  return (
    <>
      <div className="row push">
        <WakeButton of={pod} />
        <Button
          size="small"
          busy={test.busy}
          aria-label={`Test the connection to ${pod.name}`}
          onClick={() => {
            setFound(null);
            test.send(formOf({ podId: pod.id, baseUrl: pod.baseUrl }));
          }}
        >
          Test connection
        </Button>
        <Button
          size="small"
          busy={isSwitching}
          aria-label={`${pod.pausedAt ? "Resume" : "Pause"} ${pod.name}`}
          onClick={() => turn(pod.pausedAt !== null)}
        >
          {pod.pausedAt ? "Resume" : "Pause"}
        </Button>
        <Menu
          label={`More for ${pod.name}`}
          align="end"
          trigger={(button) => (
            <IconButton {...button} label={`More for ${pod.name}`}>
              <MoreIcon />
            </IconButton>
          )}
        >
          <MenuItem icon={<EditIcon />} onSelect={() => onOpen({ kind: "edit", pod })}>
            Edit
          </MenuItem>
          <MenuItem icon={<KeyIcon />} onSelect={() => onOpen({ kind: "key", pod })}>
            {pod.hasKey ? "Replace the key" : "Store a key"}
          </MenuItem>
          <PowerItems of={pod} onOpen={onOpen} />
          <MenuRule />
          <MenuItem icon={<RevokeIcon />} danger onSelect={() => onOpen({ kind: "remove", pod })}>
            Remove
          </MenuItem>
        </Menu>
      </div>
      <div role="status" className="pod-found">
        {test.refusal ? test.refusal.message : found && <Found result={found} />}
      </div>
    </>
  );
}
