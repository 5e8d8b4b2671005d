/** Signals between the shell's keyboard and the page that answers: plain events, so that neither has to know the other. */
export const FIND_EVENT = "podpass:find";
export const NEW_KEY_EVENT = "podpass:new-key";

export const openFind = () => dispatchEvent(new Event(FIND_EVENT));

const SHORTCUTS_OFF = "podpass-shortcuts-off";

/** Whether single letters act. Somebody who speaks to their computer turns them off (WCAG 2.1.4). */
export const areShortcutsOn = () => localStorage.getItem(SHORTCUTS_OFF) === null;

export function setShortcuts(on: boolean) {
  if (on) localStorage.removeItem(SHORTCUTS_OFF);
  else localStorage.setItem(SHORTCUTS_OFF, "1");
}

/** True where letters are text: fields, and everything inside an open dialog or menu. */
export function isTyping(target: EventTarget | null) {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, dialog, [role=menu]") !== null;
}
