import { expect, test } from "vitest";
import { parseEnv } from "./env";

const problemsOf = (source: Record<string, string>) => {
  try {
    parseEnv(source);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
};

test("nothing set: every default holds", () => {
  expect(parseEnv({})).toMatchObject({
    PORT: 3000,
    HOST: "127.0.0.1",
    PUBLIC_URL: "http://localhost:3000",
    WEB_CONCURRENCY: 1,
  });
});

test("a variable left empty counts as not set", () => {
  const parsed = parseEnv({ PORT: "", DATABASE_URL: "" });
  expect([parsed.PORT, parsed.DATABASE_URL]).toEqual([3000, undefined]);
});

test("every problem is named at once, and no value is repeated", () => {
  const problems = problemsOf({ PORT: "99999", DATABASE_URL: "mysql://u:hunter2@h/d", PODPASS_SECRET: "changeme" });
  for (const name of ["PORT", "DATABASE_URL", "PODPASS_SECRET"]) expect(problems).toContain(name);
  expect(problems).not.toMatch(/hunter2|changeme|99999/);
});

test.each(["localhost:8000", "ftp://pod", "//pod"])("%s is not an address of a pod", (url) => {
  expect(problemsOf({ VLLM_BASE_URL: url })).toContain("VLLM_BASE_URL");
});

test.each(["http://pod:8000", "http://pod:8000/", "http://pod:8000/v1", "http://pod:8000/v1/"])(
  "%s is the same pod",
  (url) => {
    expect(parseEnv({ VLLM_BASE_URL: url }).VLLM_BASE_URL).toBe("http://pod:8000");
  },
);

test.each([
  ["aa".repeat(32), "one byte repeated"],
  ["8f3a1c5e7b9d2f4068ace13579bdf0242468ace013579bdf", "24 bytes"],
  ["8f3a1c5e7b9d2f4068ace13579bdf024 2468ace013579bdf", "not hex"],
  ["change-me-change-me-change-me-change-me-change-me!", "a placeholder"],
])("a root secret that is not 32 random bytes stops the start: %s (%s)", (secret) => {
  expect(problemsOf({ PODPASS_SECRET: secret })).toContain("PODPASS_SECRET");
});

test("half a provider names its other half", () => {
  expect(problemsOf({ AUTH_GITHUB_ID: "x" })).toContain("AUTH_GITHUB_SECRET");
});

test("what is missing beside something is named together with what is wrong", () => {
  const problems = problemsOf({ PORT: "abc", VLLM_API_KEY: "x", ADMIN_EMAIL: "a@example.com" });
  for (const name of ["PORT", "VLLM_BASE_URL", "ADMIN_PASSWORD"]) expect(problems).toContain(`\n  ${name}: `);
});
