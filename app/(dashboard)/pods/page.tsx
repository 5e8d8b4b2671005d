import type { Metadata } from "next";
import { LiveRefresh } from "@/app/_ui/live-refresh";
import { isAdmin } from "@/lib/auth/member";
import { AdminsOnly } from "../_shell/admins-only";
import { viewer } from "../_shell/viewer";
import { PodsScreen } from "./pods-screen";
import { readPods } from "./read-pods";

export const metadata: Metadata = { title: "Pods" };

const LIVE_MS = 5_000;

export default async function PodsPage() {
  const { member, now } = await viewer();
  if (!isAdmin(member)) return <AdminsOnly title="Pods" what="see and change the pods" />;
  return (
    <>
      <LiveRefresh everyMs={LIVE_MS} />
      <PodsScreen pods={await readPods(member, now)} />
    </>
  );
}
