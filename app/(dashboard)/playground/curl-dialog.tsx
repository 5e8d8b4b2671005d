"use client";

import { Button } from "@/app/_ui/button";
import { CodeBlock } from "@/app/_ui/code-block";
import { Dialog, DialogBody, DialogFoot } from "@/app/_ui/dialog";

/** The conversation's request as a program would send it. */
export function CurlDialog({ code, onClose }: { code: string; onClose: () => void }) {
  return (
    <Dialog title="The same request as curl" onDismiss={onClose}>
      <DialogBody>
        <p className="gap-below">
          <code>$PODPASS_KEY</code> stands for the key's secret, which this page doesn't know.
        </p>
        <CodeBlock alone code={code} language="shell" label="curl" />
      </DialogBody>
      <DialogFoot>
        <Button onClick={onClose} data-focus>
          Close
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
