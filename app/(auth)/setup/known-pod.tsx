"use client";

import { useState } from "react";
import { Button } from "@/app/_ui/button";
import { Found } from "@/app/_ui/connection-found";
import { Refused } from "@/app/_ui/refused";
import { formOf, useFormAction } from "@/app/_ui/use-form-action";
import type { ConnectionResult } from "@/lib/pods/connection";
import { skipAction, testPodAction } from "./actions";

/** Step two where the environment named a pod already: only to see whether it answers. */
export function KnownPod({ podId, baseUrl }: { podId: string; baseUrl: string }) {
  const [found, setFound] = useState<ConnectionResult | null>(null);
  const test = useFormAction(testPodAction, setFound);
  const next = useFormAction(skipAction);

  function testNow() {
    setFound(null);
    test.send(formOf({ podId, baseUrl }));
  }

  return (
    <div className="rows">
      <Refused refusal={test.refusal ?? next.refusal} />
      <div role="status">{found && <Found result={found} />}</div>
      <Button wide busy={test.busy} onClick={testNow}>
        Test connection
      </Button>
      <Button tone="primary" wide busy={next.busy} onClick={() => next.send(formOf({ to: "key" }))}>
        Continue
      </Button>
    </div>
  );
}
