"use client";

import { useEffect, useState, useSyncExternalStore } from "react";

type Toast = { id: number; text: string; undo?: () => void };

const SHOWN_FOR_MS = 8_000;

let toasts: readonly Toast[] = [];
let lastId = 0;
const watchers = new Set<() => void>();

function change(next: readonly Toast[]) {
  toasts = next;
  for (const watcher of watchers) watcher();
}

/** Says that something is done, with its undo. Never an error and never a secret: it goes away by itself. */
export function showToast(text: string, undo?: () => void) {
  lastId += 1;
  change([...toasts.slice(-2), { id: lastId, text, undo }]);
}

const dismiss = (id: number) => change(toasts.filter((toast) => toast.id !== id));

/** The corner where toasts appear, and the live region that says them. One a page, always there. */
export function Toasts() {
  const shown = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => toasts,
    () => EMPTY,
  );
  return (
    <section className="toasts" aria-live="polite" aria-label="Messages">
      {shown.map((toast) => (
        <ToastLine key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

const EMPTY: readonly Toast[] = [];

function ToastLine({ toast: { id, text, undo } }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(id), SHOWN_FOR_MS);
    return () => clearTimeout(timer);
  }, [held, id]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: holding the clock while someone reads is no action of its own
    <div
      className="toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <p>{text}</p>
      {undo && (
        <button
          type="button"
          onClick={() => {
            dismiss(id);
            undo();
          }}
        >
          Undo
        </button>
      )}
    </div>
  );
}
