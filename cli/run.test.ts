import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "./commands";
import { columns } from "./print";
import { run } from "./run";

/** Runs a command line that ends before any database is asked. */
async function podpass(...args: string[]) {
  const written = { stdout: "", stderr: "" };
  const into = (name: keyof typeof written) =>
    new Writable({
      write(chunk, _, done) {
        written[name] += String(chunk);
        done();
      },
    });
  const status = await run(args, { stdout: into("stdout"), stderr: into("stderr") });
  return { status, ...written };
}

test("help is there for all commands, for a noun, and for each", async () => {
  const all = await podpass();
  expect(all).toMatchObject({ status: 0, stderr: "" });
  for (const { name } of COMMANDS) {
    expect(all.stdout).toContain(name);
    const one = await podpass(...name.split(" "), "--help");
    expect(one).toMatchObject({ status: 0, stderr: "" });
    expect(one.stdout).toMatch(new RegExp(`^Usage: podpass ${name}`));
  }
  const noun = await podpass("key", "--help");
  expect(noun.stdout).toMatch(/key issue[\s\S]*key list/);
  expect(noun.stdout).not.toMatch(/pod add/);
  expect((await podpass("key", "rotate", "-h")).stdout).toMatch(/--grace DURATION/);
});

describe("a command line that means nothing fails with one line:", () => {
  test.each([
    [["keys"], 'There is no command "keys". See: podpass --help'],
    [["key", "destroy", "--json"], 'There is no command "key destroy". See: podpass --help'],
    [["key", "rotate"], "ID is missing. See: podpass key rotate --help"],
    [["pod", "add", "gpu"], "URL is missing. See: podpass pod add --help"],
    [["key", "revoke", "1", "2"], '"2" is one word too many. See: podpass key revoke --help'],
    [["key", "list", "--colour"], "Unknown option '--colour'. See: podpass key list --help"],
    [["key", "rotate", "1", "--grace"], "Option '--grace <value>' argument missing. See: podpass key rotate --help"],
  ])("%j", async (args, line) => {
    expect(await podpass(...args)).toEqual({ status: 1, stdout: "", stderr: `${line}\n` });
  });
});

test("columns are as wide as their widest cell, counted in characters", () => {
  expect(
    columns(
      ["A", "B"],
      [
        ["…é👍", "1"],
        ["x", ""],
      ],
    ),
  ).toBe("A    B\n…é👍  1\nx");
});
