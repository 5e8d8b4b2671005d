import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf8");
const pairs = [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)];
const themes = {
  light: new Map(pairs.map(([, name, light]) => [name, light])),
  dark: new Map(pairs.map(([, name, , dark]) => [name, dark])),
};

const channel = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string) {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(Number.parseInt(hex.slice(at, at + 2), 16) / 255));
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function contrast(a: string, b: string) {
  const [lighter = 0, darker = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (lighter + 0.05) / (darker + 0.05);
}

const PAGES = ["canvas", "surface", "sunken", "hover"];
const STATES = ["ok", "warn", "danger", "info", "idle"];

const TEXT: [string, string[]][] = [
  ...["ink", "ink-2", "ink-3", ...STATES, "accent-text"].map((name): [string, string[]] => [name, PAGES]),
  ...STATES.flatMap((state): [string, string[]][] => [
    [state, [`${state}-wash`]],
    ["ink", [`${state}-wash`]],
  ]),
  ["ink", ["accent-wash"]],
  ["ink-2", ["accent-wash", "idle-wash"]],
  ["ink-3", ["accent-wash"]],
  ["accent-ink", ["accent", "accent-hover"]],
  ["danger-fill-ink", ["danger-fill"]],
  ["canvas", ["ink"]],
];

const CONTROLS: [string, string[]][] = [
  ["control", PAGES],
  ["accent-edge", [...PAGES, "accent-wash", "idle-wash"]],
  ["warn", ["idle-wash"]],
  ["compare", ["canvas"]],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((number): [string, string[]] => [`s${number}`, ["canvas", "surface"]]),
];

function lowest(theme: Map<string | undefined, string | undefined>, wanted: [string, string[]][]) {
  const all = wanted.flatMap(([front, backs]) => backs.map((back) => ({ front, back })));
  return all
    .map(({ front, back }) => ({
      on: `${front} on ${back}`,
      is: contrast(theme.get(front) ?? "", theme.get(back) ?? ""),
    }))
    .sort((a, b) => a.is - b.is)[0];
}

test.each(Object.entries(themes))("in the %s theme text stands out by 4.5 to 1 wherever it is put", (_, theme) => {
  expect(lowest(theme, TEXT)?.is, lowest(theme, TEXT)?.on).toBeGreaterThanOrEqual(4.5);
});

test.each(Object.entries(themes))("in the %s theme controls and chart series stand out by 3 to 1", (_, theme) => {
  expect(lowest(theme, CONTROLS)?.is, lowest(theme, CONTROLS)?.on).toBeGreaterThanOrEqual(3);
});
