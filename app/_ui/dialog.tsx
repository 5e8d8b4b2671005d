"use client";

import { type MouseEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef } from "react";

type DialogProps = {
  title: ReactNode;
  /** 480 px to decide something; otherwise 668 px. On phones it fills the screen. */
  narrow?: boolean;
  /** An alert dialog: for what can't be undone. */
  alert?: boolean;
  /** Escape, a click outside, the phone's back gesture. The dialog stays until its owner stops rendering it. */
  onDismiss: () => void;
  /** Also answer the browser's back button with `onDismiss`, instead of leaving the page. */
  holdsHistory?: boolean;
  children: ReactNode;
};

/**
 * The platform's modal dialog: everything behind it is inert, the focus stays inside and returns to what opened it.
 * It is open while it is rendered. The focus starts at `[data-focus]`, else at the first field, else at the title.
 */
export function Dialog({ title, narrow, alert, onDismiss, holdsHistory, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const pressedOutside = useRef(false);
  const dismiss = useRef(onDismiss);
  const titleId = useId();
  useEffect(() => {
    dismiss.current = onDismiss;
  });

  // A layout effect: its clean-up still finds the dialog in the page, and closing it there gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (!element) return;
    if (!element.open) element.showModal();
    const start = element.querySelector<HTMLElement>("[data-focus]") ?? element.querySelector<HTMLElement>("input, h2");
    start?.focus();
    document.documentElement.style.overflow = "hidden";
    return () => {
      document.documentElement.style.overflow = "";
      element.close();
    };
  }, []);

  useHeldHistory(Boolean(holdsHistory), dismiss);

  const isOutside = (event: MouseEvent) => event.target === dialog.current;
  return (
    <dialog
      ref={dialog}
      className={narrow ? "dialog dialog-narrow" : "dialog"}
      role={alert ? "alertdialog" : undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        onDismiss();
      }}
      onKeyDown={(event) => {
        // Handled here as well: a browser honours only the first refusal of a close request.
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        onDismiss();
      }}
      onPointerDown={(event) => {
        pressedOutside.current = isOutside(event);
      }}
      onClick={(event) => {
        if (pressedOutside.current && isOutside(event)) onDismiss();
      }}
    >
      <h2 id={titleId} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}

export function DialogBody({ children }: { children: ReactNode }) {
  return <div className="dialog-body">{children}</div>;
}

/** Buttons at the bottom, Cancel before the verb; they stay in sight while the body scrolls. */
export function DialogFoot({ aside, children }: { aside?: ReactNode; children: ReactNode }) {
  return (
    <div className="dialog-foot">
      {aside && <span className="muted grow">{aside}</span>}
      <span className="row end">{children}</span>
    </div>
  );
}

/** While held, "back" meets an entry for this very page, and asks instead of leaving. */
function useHeldHistory(held: boolean, dismiss: { current: () => void }) {
  useEffect(() => {
    if (!held) return;
    const hold = () => history.pushState(history.state, "", location.href);
    const onBack = () => {
      hold();
      dismiss.current();
    };
    hold();
    addEventListener("popstate", onBack);
    return () => {
      removeEventListener("popstate", onBack);
      history.back();
    };
  }, [held, dismiss]);
}
