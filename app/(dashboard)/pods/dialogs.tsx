"use client";

import dynamic from "next/dynamic";
import type { PodView } from "./read-pods";

// A dialog's code comes when it is opened: the pods are there first.
const PodDialog = dynamic(() => import("./pod-dialog").then((module) => module.PodDialog), { ssr: false });
const ReplaceKeyDialog = dynamic(() => import("./replace-key-dialog").then((module) => module.ReplaceKeyDialog), {
  ssr: false,
});
const RemoveDialog = dynamic(() => import("./remove-dialog").then((module) => module.RemoveDialog), { ssr: false });
const PowerDialog = dynamic(() => import("./power-dialog").then((module) => module.PowerDialog), { ssr: false });
const SleepDialog = dynamic(() => import("./sleep-dialog").then((module) => module.SleepDialog), { ssr: false });

export type OpenDialog = { kind: "add" } | { kind: "edit" | "key" | "power" | "sleep" | "remove"; pod: PodView };

/** The one dialog that is open, if any. */
export function PodDialogs({ open, onClose }: { open: OpenDialog | null; onClose: () => void }) {
  switch (open?.kind) {
    case "add":
      return <PodDialog pod={null} onClose={onClose} />;
    case "edit":
      return <PodDialog pod={open.pod} onClose={onClose} />;
    case "key":
      return <ReplaceKeyDialog of={open.pod} onClose={onClose} />;
    case "power":
      return <PowerDialog of={open.pod} onClose={onClose} />;
    case "sleep":
      return <SleepDialog of={open.pod} onClose={onClose} />;
    case "remove":
      return <RemoveDialog of={open.pod} onClose={onClose} />;
    default:
      return null;
  }
}
