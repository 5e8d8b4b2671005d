/**
 * Puts text on the clipboard and says whether that happened. `navigator.clipboard` is missing on plain http away from
 * localhost, where many first installs live; then a text area that is really in the page is selected and copied. It
 * goes next to `near`, because a modal dialog keeps everything outside itself from being selected.
 */
export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused by permission: the older way may still work.
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.setAttribute("aria-hidden", "true");
  area.className = "visually-hidden";
  const focused = document.activeElement;
  (near.parentElement ?? document.body).append(area);
  area.select();
  area.setSelectionRange(0, text.length);
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    copied = false;
  }
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

/** Marks an element's text, for the person to copy themselves. */
export function selectTextOf(element: HTMLElement) {
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement) {
    element.focus();
    element.select();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

/** "Ctrl+C", or "⌘C" where the keyboard says so. */
export function copyShortcut() {
  return /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘C" : "Ctrl+C";
}
