"use client";

import { useState } from "react";
import { Button, IconButton } from "@/app/_ui/button";
import { useNow } from "@/app/_ui/clock";
import { Cut } from "@/app/_ui/cut";
import { EditIcon, RotateIcon } from "@/app/_ui/icons";
import { left } from "@/app/_ui/moments";
import { Note } from "@/app/_ui/note";
import { PageHead } from "@/app/_ui/page-head";
import { showToast } from "@/app/_ui/toast";
import { isLive } from "@/lib/keys/status";
import { useAsked } from "../../_shell/use-asked";
import { KeyDialogs, type OpenDialog } from "../key-dialogs";
import { currentSecret, type KeyFacts, type KeysContext, outgoingSecret } from "../key-facts";
import { KeyStatusChip } from "../key-status";
import { useKeySwitch } from "../use-key-switch";

/** A key's name, state and verbs. */
export function KeyHead({ of: key, context }: { of: KeyFacts; context: KeysContext }) {
  const now = useNow();
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { press, turn, busy } = useKeySwitch({
    onRefused: setProblem,
    onAsk: (key) => setDialog({ kind: "disable", key }),
    viewerId: context.viewer.id,
  });
  const works = isLive(key, now);
  const isDisabled = key.disabledAt !== null;
  useAsked({
    rename: () => setDialog({ kind: "rename", key }),
    ...(works && {
      rotate: () => setDialog({ kind: "rotate", key }),
      revoke: () => setDialog({ kind: "revoke", key }),
    }),
  });
  const outgoing = works ? outgoingSecret(key, now) : undefined;
  const title = (
    <>
      <Cut hint={currentSecret(key)?.hint ?? ""} state={works ? "live" : "ended"} width={46} />
      {key.name}
      <IconButton label={`Rename ${key.name}`} className="no-phone" onClick={() => setDialog({ kind: "rename", key })}>
        <EditIcon size={14} />
      </IconButton>
    </>
  );
  const ends = outgoing?.expiresAt ? `Old secret ends in ${left(outgoing.expiresAt.getTime() - now.getTime())}` : null;
  return (
    <>
      <PageHead
        title={title}
        chip={<KeyStatusChip of={key} rotateEveryDays={context.policy.rotateEveryDays} />}
        meta={ends}
        fill
      >
        <Button className="only-phone" onClick={() => setDialog({ kind: "rename", key })}>
          Rename
        </Button>
        {works && (
          <>
            <Button busy={busy} onClick={() => press(key, isDisabled)}>
              {isDisabled ? "Enable" : "Disable"}
            </Button>
            <Button icon={<RotateIcon size={14} />} onClick={() => setDialog({ kind: "rotate", key })}>
              Rotate
            </Button>
            <Button tone="danger" onClick={() => setDialog({ kind: "revoke", key })}>
              Revoke
            </Button>
          </>
        )}
      </PageHead>
      {problem && (
        <div className="gap-below">
          <Note tone="danger" role="alert">
            {problem}
          </Note>
        </div>
      )}
      <KeyDialogs
        open={dialog}
        context={context}
        members={[]}
        onClose={() => setDialog(null)}
        onRevoked={() => {
          setDialog(null);
          showToast(`${key.name} is revoked`);
        }}
        onDisable={(key) => {
          setDialog(null);
          turn(key, false);
        }}
      />
    </>
  );
}
