import { createInterface } from "node:readline";
import { start } from "./processes.mjs";

/** The scenarios of sdk_python.py under the same signature as JavaScript's: name → a function that runs it. */
export async function pythonScenarios({ python, folder, url, key, model, direct }) {
  const script = new URL("sdk_python.py", import.meta.url).pathname;
  const { child } = start("Python's SDK", python, [script, url, model, direct ? "direct" : "through"], {
    env: { CONTRACT_KEY: key },
    cwd: folder,
    logFile: `${folder}/python.log`,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`Python's SDK ended; see ${folder}/python.log`);
    return JSON.parse(value);
  };
  const run = async (name) => {
    child.stdin.write(`${name}\n`);
    const { failure, ...told } = await next();
    if (failure) throw new Error(failure);
    return told;
  };
  return Object.fromEntries((await next()).map((name) => [name, () => run(name)]));
}
