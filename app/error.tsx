"use client";

import { Gate } from "./_ui/gate";
import { Trouble } from "./_ui/trouble";

export default function RootError(props: { error: unknown; retry: () => void }) {
  return (
    <Gate title={<span className="visually-hidden">Something went wrong</span>} roomy>
      <Trouble {...props} />
    </Gate>
  );
}
