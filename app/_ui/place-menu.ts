const GAP = 4;
const MARGIN = 8;

/** Puts an open menu under its button, or above where there is no room, and never over the window's edge. */
export function placeMenu(menu: HTMLElement, button: HTMLElement, align: "start" | "end") {
  const anchor = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = anchor.bottom + GAP;
  const fitsBelow = below + height + MARGIN <= innerHeight;
  const top = fitsBelow ? below : Math.max(MARGIN, anchor.top - GAP - height);
  const start = align === "start" ? anchor.left : anchor.right - width;
  menu.style.top = `${top}px`;
  menu.style.left = `${Math.max(MARGIN, Math.min(start, innerWidth - width - MARGIN))}px`;
}
