"use client";

import { useSyncExternalStore } from "react";
import { Note } from "@/app/_ui/note";

const never = () => () => {};

/** Says when the address programs are told is not the one in the browser's bar, or sends secrets in the clear. */
export function AddressWarning({ publicUrl }: { publicUrl: string }) {
  const origin = useSyncExternalStore(
    never,
    () => location.origin,
    () => null,
  );
  const { protocol, hostname, origin: told } = new URL(publicUrl);
  const isPrivate =
    /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[|[^.]+$)|\.(local|internal|lan)$/.test(hostname);
  if (protocol === "http:" && !isPrivate) {
    return (
      <Note tone="warn">
        This address is plain http on a public name, so secrets travel readable. Put TLS in front and set{" "}
        <code>PUBLIC_URL</code>.
      </Note>
    );
  }
  if (origin !== null && origin !== told) {
    return (
      <Note tone="warn">
        You opened this page at <code>{origin}</code>, but programs are told <code>{told}</code>. If that is wrong, set{" "}
        <code>PUBLIC_URL</code> where Podpass runs.
      </Note>
    );
  }
  return null;
}
