// What became of each test, read from the reports that the runners leave behind.
const LINES = 8;
const LONGEST_LINE = 240;
const MOST = 40;

/**
 * The report of test/setup/vitest-verdicts.ts: a count, and by name what failed and what passed only when it was tried
 * again, each with its error's first lines. `root` is taken off the names of files.
 */
export function vitestVerdicts({ passed, failed, flaky }, root) {
  const told = ({ name, error: { message, cause, diff, stack } }) => ({
    name,
    error: gist([message, cause, diff].join("\n"), stack, root),
  });
  return { passed, failed: failed.map(told), flaky: flaky.map(told) };
}

/** The same of Playwright's report. */
export function playwrightVerdicts(report, root) {
  const failed = report.errors.map(({ message }) => ({
    name: "before any test",
    error: gist(message ?? "", "", root),
  }));
  const flaky = [];
  let passed = 0;
  for (const { spec, titles } of specsOf(report.suites, [])) {
    for (const { projectName, status, results } of spec.tests) {
      // Where a test ran out of time, a second error tells what it was waiting for.
      const { error, errors = [] } = results.find((result) => result.error !== undefined) ?? {};
      const text = [error, ...errors.slice(1)].map((each) => each?.message ?? "").join("\n");
      const verdict = {
        name: `[${projectName}] ${titles.join(" › ")}`,
        error: gist(text, error?.stack ?? "", root),
      };
      if (status === "unexpected") failed.push(verdict);
      if (status === "flaky") flaky.push(verdict);
      if (status === "expected" || status === "flaky") passed += 1;
    }
  }
  return { passed, failed, flaky };
}

function specsOf(suites, above) {
  return suites.flatMap(({ title, specs = [], suites: inner = [] }) => {
    const titles = [...above, title];
    return [...specs.map((spec) => ({ spec, titles: [...titles, spec.title] })), ...specsOf(inner, titles)];
  });
}

/** Verdicts as lines to be read: a name, and its error set in. */
export function verdictLines(mark, verdicts) {
  const lines = verdicts
    .slice(0, MOST)
    .flatMap(({ name, error }) => [`${mark} ${name}`, ...error.map((line) => `    ${line}`)]);
  return verdicts.length > MOST ? [...lines, `and ${verdicts.length - MOST} more`] : lines;
}

/** The first lines of an error that say something, and where in our own files it was thrown. */
function gist(text, stack, root) {
  const frames = linesOf(stack).filter(isFrame);
  const ours = frames.find((line) => line.includes(`${root}/`) && !line.includes("/node_modules/"));
  return [...firstLines(text, root), ...(ours === undefined ? [] : [shortened(ours, root)])];
}

/** The first lines of a text that say something. */
export function firstLines(text, root) {
  return linesOf(text)
    .filter((line) => !isFrame(line))
    .slice(0, LINES)
    .map((line) => shortened(line, root));
}

function shortened(line, root) {
  const text = line.replaceAll(`file://${root}/`, "").replaceAll(`${root}/`, "");
  return text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
}

const isFrame = (line) => line.startsWith("at ");

function linesOf(text) {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
      .replace(/\u001b\[[0-9;]*m/g, "")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
  );
}
