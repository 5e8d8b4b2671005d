import { expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import type { HeaderLines } from "@/lib/http/plain-request";
import { mintSecret } from "@/lib/keys/secret";
import { credentialOf } from "./credential";
import type { Dialect } from "./routes";

const secret = mintSecret();
const refusal = (headers: HeaderLines, dialect: Dialect = "openai") => {
  try {
    credentialOf(headers, dialect);
    return null;
  } catch (error) {
    return error instanceof AppError ? error : null;
  }
};

test.each(["Bearer", "bearer", "BEARER"])("the scheme's case does not matter: %s", (scheme) => {
  expect(credentialOf({ authorization: [`${scheme} ${secret}`] }, "openai")).toBe(secret);
});

test("Anthropic's SDK may send x-api-key, on its own routes only", () => {
  expect(credentialOf({ "x-api-key": [secret] }, "anthropic")).toBe(secret);
  expect(refusal({ "x-api-key": [secret] })?.code).toBe("invalid_api_key");
});

test.each<[string, HeaderLines]>([
  ["two bearer lines", { authorization: [`Bearer ${secret}`, `Bearer ${secret}`] }],
  ["a bearer and an x-api-key", { authorization: [`Bearer ${secret}`], "x-api-key": [secret] }],
  ["two lines joined by a comma", { authorization: [`Bearer ${secret}, Bearer ${secret}`] }],
])("exactly one credential: %s", (_, headers) => {
  expect(refusal(headers, "anthropic")?.code).toBe("invalid_api_key");
});

const flipped = (text: string) => (text.endsWith("0") ? `${text.slice(0, -1)}1` : `${text.slice(0, -1)}0`);
test.each([
  "Bearer",
  "Bearer  ",
  "Basic x",
  "Token key",
  secret,
  `Bearer ${secret} x`,
  `Bearer ${flipped(secret)}`,
  `Bearer ${secret.toUpperCase()}`,
  "Bearer '; DROP TABLE users; --",
])("junk gets the same words as an unknown key: %s", (line) => {
  expect(refusal({ authorization: [line] })?.message).toBe(refusal({ authorization: [`Bearer x`] })?.message);
});
