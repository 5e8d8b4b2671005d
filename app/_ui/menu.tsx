"use client";

import Link from "next/link";
import {
  type ComponentProps,
  createContext,
  type KeyboardEvent,
  type ReactNode,
  useContext,
  useId,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { classes } from "./classes";
import { CheckIcon, ChevronIcon } from "./icons";
import { placeMenu } from "./place-menu";

const CloseMenu = createContext<() => void>(() => {});

type Trigger = {
  id: string;
  popoverTarget: string;
  "aria-haspopup": "menu";
  "aria-expanded": boolean;
  "aria-controls": string;
};

type MenuProps = {
  /** Renders the button; it has to spread what it gets onto a real `<button>`. */
  trigger: (button: Trigger) => ReactNode;
  label: string;
  /** Which edge of the button the menu keeps to. */
  align?: "start" | "end";
  children: ReactNode;
};

/** A menu in the browser's own top layer: a click outside and Escape close it, arrow keys and letters move in it. */
export function Menu({ trigger, label, align = "start", children }: MenuProps) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const buttonId = `${id}-button`;

  const items = () => [...(menu.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
  const close = () => {
    menu.current?.hidePopover();
    document.getElementById(buttonId)?.focus();
  };

  function onKeyDown(event: KeyboardEvent) {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to >= all.length ? 0 : to)?.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      close();
    } else if (/^\S$/.test(event.key) && !event.ctrlKey && !event.metaKey) {
      const rest = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      const letter = event.key.toLowerCase();
      rest.find((item) => item.textContent?.trim().toLowerCase().startsWith(letter))?.focus();
    }
  }

  return (
    <>
      {trigger({
        id: buttonId,
        popoverTarget: id,
        "aria-haspopup": "menu",
        "aria-expanded": open,
        "aria-controls": id,
      })}
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        className="menu"
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onToggle={(event) => {
          const opened = event.newState === "open";
          flushSync(() => setOpen(opened));
          const button = document.getElementById(buttonId);
          if (!opened || !menu.current || !button) return;
          placeMenu(menu.current, button, align);
          const chosen = menu.current.querySelector<HTMLElement>("[aria-checked=true]");
          (chosen ?? items()[0])?.focus({ preventScroll: true });
        }}
      >
        {open && <CloseMenu value={close}>{children}</CloseMenu>}
      </div>
    </>
  );
}

type ItemProps = {
  icon?: ReactNode;
  danger?: boolean;
  /** Why it can't be chosen: shown, and the item stays reachable. */
  refused?: string;
  /** Grey words at its end. */
  aside?: ReactNode;
  children: ReactNode;
};

export function MenuItem({ icon, danger, refused, aside, onSelect, children }: ItemProps & { onSelect: () => void }) {
  const close = useContext(CloseMenu);
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className={classes("menu-item", danger && !refused && "menu-item-danger")}
      aria-disabled={refused ? true : undefined}
      onClick={() => {
        if (refused) return;
        close();
        onSelect();
      }}
    >
      {icon}
      <span>
        {children}
        {refused && <span className="help-small"> {refused}</span>}
      </span>
      {aside && <span className="push">{aside}</span>}
    </button>
  );
}

export function MenuLink({
  icon,
  children,
  ...link
}: Pick<ItemProps, "icon" | "children"> & ComponentProps<typeof Link>) {
  const close = useContext(CloseMenu);
  return (
    <Link {...link} role="menuitem" tabIndex={-1} className="menu-item" onClick={close}>
      {icon}
      {children}
    </Link>
  );
}

/** One of several exclusive choices, the current one ticked. */
export function MenuChoice({
  chosen,
  onSelect,
  children,
}: {
  chosen: boolean;
  onSelect: () => void;
  children: ReactNode;
}) {
  const close = useContext(CloseMenu);
  return (
    <button
      type="button"
      role="menuitemradio"
      aria-checked={chosen}
      tabIndex={-1}
      className="menu-item"
      onClick={() => {
        close();
        onSelect();
      }}
    >
      <span className="tick">{chosen && <CheckIcon size={12} />}</span>
      {children}
    </button>
  );
}

export function MenuRule() {
  return <hr className="menu-rule" />;
}

type ChoiceMenuProps<Value extends string> = {
  /** What is chosen here, for screen readers: "Status". */
  label: string;
  /** A grey word before the value: "by", "vs". */
  prefix?: string;
  options: readonly { value: Value; name: string }[];
  value: Value;
  onChange: (value: Value) => void;
};

/** A filter: a small button whose words are the current value. */
export function ChoiceMenu<Value extends string>({ label, prefix, options, value, onChange }: ChoiceMenuProps<Value>) {
  const current = options.find((option) => option.value === value);
  return (
    <Menu
      label={label}
      trigger={(button) => (
        <button {...button} type="button" className="button button-small">
          <span className="visually-hidden">{label}: </span>
          {prefix && <span className="muted">{prefix}</span>}
          {current?.name ?? value}
          <ChevronIcon size={12} />
        </button>
      )}
    >
      {options.map((option) => (
        <MenuChoice key={option.value} chosen={option.value === value} onSelect={() => onChange(option.value)}>
          {option.name}
        </MenuChoice>
      ))}
    </Menu>
  );
}
