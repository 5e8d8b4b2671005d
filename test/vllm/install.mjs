import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const REQUIREMENTS = new URL("requirements.txt", import.meta.url).pathname;
const PYTHONS = ["python3.11", "python3.12", "python3.13", "python3"];

/** This platform has no build of vLLM for it: not a failure of ours. The message says what is missing. */
export class CannotRunHere extends Error {}

/** Refuses platforms for which the pinned list has no packages: they are for Linux on x86-64 with AVX2, glibc, Python 3.11 to 3.13. */
function findPython() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new CannotRunHere(`the pinned vLLM is for Linux on x86-64, this is ${process.platform} on ${process.arch}`);
  }
  if (!/\bavx2\b/.test(readFileSync("/proc/cpuinfo", "utf8"))) throw new CannotRunHere("the processor has no AVX2");
  const candidates = PYTHONS.map((command) => {
    const { status, stdout } = spawnSync(command, [
      "-c",
      "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])",
    ]);
    return { command, version: status === 0 ? stdout.toString().trim() : "absent" };
  });
  const found = candidates.find(({ version }) => ["3.11", "3.12", "3.13"].includes(version));
  if (found) return found.command;
  const tried = candidates.map(({ command, version }) => `${command}: ${version}`).join(", ");
  throw new CannotRunHere(`no Python 3.11 to 3.13 with venv (${tried}); on Debian: apt-get install python3-venv`);
}

function run(command, args) {
  const { status, error, stderr } = spawnSync(command, args, {
    stdio: ["ignore", "inherit", "pipe"],
    encoding: "utf8",
  });
  if (status === 0) return;
  throw new Error(
    `\`${[command, ...args].join(" ")}\` failed:\n${error?.message ?? stderr.trim().split("\n").slice(-15).join("\n")}`,
  );
}

/** Makes `folder` a virtual environment with exactly the pinned packages, if it isn't one; returns its Python. About 2 GB of downloads the first time. */
export function installVllm(folder) {
  const python = `${folder}/bin/python`;
  const stamp = `${folder}/podpass-requirements`;
  const wanted = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  const base = findPython();
  console.log(`Installing vLLM for CPU into ${folder} (about 2 GB to download, 6 GB on disk) …`);
  rmSync(folder, { recursive: true, force: true });
  run(base, ["-m", "venv", folder]);
  run(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--no-deps",
    "--disable-pip-version-check",
    "--only-binary=:all:",
    "-r",
    REQUIREMENTS,
  ]);
  run(python, ["-c", "import vllm"]);
  writeFileSync(stamp, wanted);
  return python;
}
