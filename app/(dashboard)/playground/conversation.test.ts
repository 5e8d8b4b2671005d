import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Answer, bodyOf, NO_FIGURES, NO_SETTINGS, speedOf, type Turn } from "./conversation";
import { curlOf } from "./curl";

const user = (text: string): Turn => ({ role: "user", id: 0, text });
const answer = (text: string, state: Answer["state"] = "complete"): Turn => ({
  role: "assistant",
  id: 0,
  model: "m",
  text,
  reasoning: "not sent again",
  state,
  refusal: null,
  figures: NO_FIGURES,
  requestId: null,
});

test("a turn is sent with those before it; an answer that never came is left out", () => {
  const turns = [user("a"), answer("b"), user("c"), answer("", "failed"), user("d"), answer("e", "stopped"), user("f")];
  expect(bodyOf(turns, "m", { ...NO_SETTINGS, system: " Be brief. " }).messages).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
    { role: "user", content: "c" },
    { role: "user", content: "d" },
    { role: "assistant", content: "e" },
    { role: "user", content: "f" },
  ]);
});

test("what is left empty is up to the pod, and a zero is a choice", () => {
  const body = bodyOf([user("a")], "m", { system: "", temperature: "0", maxTokens: "" });
  expect(body).toMatchObject({ temperature: 0 });
  expect(body).not.toHaveProperty("max_tokens");
});

test("speed is told from the second token on, without the wait for the first, and where there was time to measure it", () => {
  expect(speedOf(101, 500, 1_500)).toBe(100);
  expect(speedOf(33, 500, 501)).toBeNull();
  expect(speedOf(1, 500, 900)).toBeNull();
  expect(speedOf(null, 500, 900)).toBeNull();
});

test("a shell hands curl the very same body, whatever was written", () => {
  const text = `It's "quoted" $HOME \`id\` \\n\n!\u2019; rm -rf '$(id)'`;
  const body = bodyOf([user(text)], "org/model", NO_SETTINGS);
  const script = curlOf("http://localhost:3000", body).replace("curl -N", "printf '%s\\n'");
  const printed = execFileSync("sh", ["-c", script], { env: { ...process.env, PODPASS_KEY: "sk" } }).toString();
  expect(printed).toContain("Authorization: Bearer sk");
  expect(JSON.parse(printed.slice(printed.indexOf("{")))).toEqual(body);
});
