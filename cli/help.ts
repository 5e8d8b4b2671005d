import type { Command } from "./command";
import { COMMANDS } from "./commands";
import { columns } from "./print";

const EVERYWHERE = [
  ["--json", "prints one JSON value and nothing else"],
  ["--help", "explains a command"],
] as const;

/** All commands, or those of one noun. */
export function overview(noun?: string): string {
  const shown = COMMANDS.filter(({ name }) => noun === undefined || name.split(" ")[0] === noun);
  return [
    "Usage: podpass COMMAND [options]",
    "",
    ...indented(shown.map((command) => [usage(command), command.says])),
    "",
    ...indented(EVERYWHERE),
    "",
    "Works on the database of the running Podpass, and also while it does not run.",
  ].join("\n");
}

/** One command with its options. */
export function helpOn(command: Command): string {
  const options = Object.entries(command.options).map(([name, { value, says }]) => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    says,
  ]);
  return [
    `Usage: podpass ${usage(command)} [options]`,
    "",
    `${command.says[0]?.toUpperCase()}${command.says.slice(1)}.`,
    "",
    ...indented([...options, ...EVERYWHERE]),
    ...(command.notes ? ["", ...command.notes] : []),
  ].join("\n");
}

function usage({ name, words }: Command) {
  return [name, ...words].join(" ");
}

/** Two columns; the headings' line is empty and left out. */
function indented(rows: readonly (readonly string[])[]) {
  return columns(["", ""], rows)
    .split("\n")
    .slice(1)
    .map((line) => `  ${line}`);
}
