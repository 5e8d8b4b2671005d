import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "./fixtures";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The code blocks under "Use it", in their order. */
function blocks(language: string) {
  const section = README.slice(README.indexOf("## Use it"), README.indexOf("## Configuration"));
  return [...section.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, code = ""]) => code);
}

const blockWith = (language: string, word: string) => {
  const block = blocks(language).find((code) => code.includes(word));
  if (block === undefined) throw new Error(`The README has no ${language} with ${word}.`);
  return block;
};

/** Nothing of the machine's own settings shall decide a test. */
const bare = { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: "production" as const };

const hasPython = (module: string) => spawnSync("python3", ["-c", `import ${module}`]).status === 0;

test.describe("the README's first requests run as they stand", () => {
  const onServer = (code: string, baseURL: string | undefined) =>
    code.replaceAll("http://localhost:3000", baseURL ?? "");

  test("curl", async ({ baseURL, addMember, issueKey }) => {
    const { secret } = await issueKey(await addMember());
    const code = onServer(blockWith("sh", "curl"), baseURL).replace("sk-vllm-…", secret);
    const { stdout } = await run("bash", ["-c", code]);
    expect(JSON.parse(stdout)).toMatchObject({ object: "chat.completion", choices: [{ finish_reason: "stop" }] });
  });

  test("JavaScript, with OpenAI's SDK", async ({ baseURL, addMember, issueKey }) => {
    const { secret } = await issueKey(await addMember());
    const code = onServer(blockWith("js", "new OpenAI"), baseURL);
    const env = { ...bare, PODPASS_KEY: secret };
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code], { cwd: root, env });
    expect(stdout.trim().length).toBeGreaterThan(5);
  });

  for (const [module, word] of [
    ["openai", "from openai import"],
    ["requests", "import requests"],
  ] as const) {
    test(`Python, with ${module}`, async ({ baseURL, addMember, issueKey }) => {
      test.skip(!hasPython(module), `There is no python3 with ${module} here.`);
      const { secret } = await issueKey(await addMember());
      const env = { ...bare, PODPASS_KEY: secret };
      const { stdout } = await run("python3", ["-c", onServer(blockWith("python", word), baseURL)], { env });
      expect(stdout.trim().length).toBeGreaterThan(5);
    });
  }
});

test("the README's command lines do what they say", async () => {
  const lines = blockWith("sh", "npm run -s podpass").trim().split("\n");
  expect(lines.length).toBeGreaterThan(3);
  const email = `${randomBytes(6).toString("hex")}@example.com`;
  const env = {
    ...bare,
    PODPASS_DOTENV: "off",
    PODPASS_DATA_DIR: process.env.PODPASS_E2E_DATA_DIR,
  };
  let keyId = "";
  for (const line of lines) {
    expect(line).toMatch(/^npm run -s podpass -- /);
    // The program that npm would run, without npm's look at whether it is up to date.
    const words = line.replace("npm run -s podpass -- ", "").replace("ada@example.com", email).replace("KEY_ID", keyId);
    const { stdout } = await run(process.execPath, ["dist/podpass.js", ...words.split(/\s+/)], { cwd: root, env });
    if (words.startsWith("key issue")) keyId = (JSON.parse(stdout) as { id: string }).id;
    expect(stdout.trim(), line).not.toBe("");
  }
});

test("the README's pictures and paths are there", () => {
  const paths = [...README.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)|srcset="([^"]+)"|src="([^"]+)"/g)]
    .map(([, link, set, image]) => link ?? set ?? image ?? "")
    .filter((path) => path !== "");
  expect(paths.length).toBeGreaterThan(5);
  for (const path of paths)
    expect(() => readFileSync(new URL(`../${path}`, import.meta.url)), path).not.toThrow(/ENOENT/);
});
