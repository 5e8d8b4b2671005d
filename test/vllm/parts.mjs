/** The parts of the contract, in the order in which they run; those that need Podpass are left out where it is. */
const PARTS = {
  likeness: { needsPodpass: false },
  assembled: { needsPodpass: true },
  sdks: { needsPodpass: false },
  counters: { needsPodpass: true },
  states: { needsPodpass: true },
  scripts: { needsPodpass: false },
};

/** The parts that `--only a,b` names, else all. Ends the program for a name that is none of them. */
export function wantedParts(args, isDirect) {
  const at = args.indexOf("--only");
  const all = Object.keys(PARTS).filter((part) => !(isDirect && PARTS[part].needsPodpass));
  if (at === -1) return new Set(all);
  const named = (args[at + 1] ?? "").split(",");
  const unknown = named.find((part) => !all.includes(part));
  if (unknown === undefined) return new Set(named);
  console.error(`--only ${unknown}: there is ${all.join(", ")}${isDirect ? " with --direct" : ""}.`);
  process.exit(2);
}
