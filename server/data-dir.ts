import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { StartError } from "./start-error";

/**
 * The folder for the embedded database, the generated secrets and the usage journal, as an absolute path. Others may pass
 * through it (the database runs as a user of its own when Podpass runs as root) but not list it; what is secret in it is mode 600.
 */
export function prepareDataDir(path: string): string {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    if (statSync(folder).uid === process.getuid?.()) chmodSync(folder, 0o711);
    const probe = join(folder, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new StartError(`PODPASS_DATA_DIR: ${folder} cannot be written to (${reason}).`);
  }
  return folder;
}

/** The root secret as hex: made at the first start, the same ever after. Losing it ends every session and every key. */
export function generatedRootSecret(dataDir: string): string {
  return generatedSecret(join(dataDir, "secret"), () => randomBytes(32).toString("hex"));
}

/** What a file of mode 600 holds, made at first use. Two processes that come first together read the same. */
export function generatedSecret(file: string, generate: () => string): string {
  const draft = `${file}.${process.pid}-${randomBytes(4).toString("hex")}`;
  const read = () => readFileSync(file, "utf8").trim();
  try {
    return read();
  } catch (error) {
    if (!isMissing(error)) throw new StartError(`${file} cannot be read. It belongs to whoever started Podpass first.`);
  }
  writeFileSync(draft, `${generate()}\n`, { mode: 0o600 });
  try {
    // A link fails where a file already is, so the first one stays; and what is linked is complete.
    linkSync(draft, file);
  } catch {
    // Somebody was faster: theirs counts.
  } finally {
    rmSync(draft, { force: true });
  }
  return read();
}

export function isMissing(error: unknown) {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
