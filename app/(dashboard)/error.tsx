"use client";

import { Trouble } from "@/app/_ui/trouble";

export default function DashboardError(props: { error: unknown; retry: () => void }) {
  return <Trouble {...props} />;
}
