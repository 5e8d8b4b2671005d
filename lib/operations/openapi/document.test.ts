import { expect, test } from "vitest";
import { ERROR_CODES } from "@/lib/errors";
import { NEVER_FIELDS, REQUIRED, ruleFor } from "@/lib/gateway/request-rules";
import { EVERY_ROUTE, type Kind, ROUTES } from "@/lib/gateway/routes";
import { apiDocument } from "./document";
import { FIELDS } from "./request-schemas";

type Node = { readonly [name: string]: unknown };
type Examples = Record<string, { value: unknown }>;
type Operation = {
  operationId: string;
  security?: Node[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Node };
  responses: Node;
};

const document = JSON.parse(JSON.stringify(apiDocument("https://podpass.example.org")));
const paths = document.paths as Record<string, Record<string, Operation>>;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every object anywhere in the document. */
function* nodes(value: unknown): Generator<Node> {
  if (value === null || typeof value !== "object") return;
  if (!Array.isArray(value)) yield value as Node;
  for (const entry of Object.values(value)) yield* nodes(entry);
}

const resolved = (reference: string) =>
  reference
    .replace("#/", "")
    .split("/")
    .reduce<unknown>((at, name) => (at as Node | undefined)?.[name.replaceAll("~1", "/")], document);

test("every route of the gateway is there with its method, and nothing that is not served", () => {
  const served = EVERY_ROUTE.map(({ method, path }) => `${method.toLowerCase()} ${path}`);
  const keyless = ["/healthz", "/readyz", "/metrics", "/openapi.json"].map((path) => `get ${path}`);
  const all = [...served, ...keyless, "post /report/secret"];
  expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(all.sort());
  expect(served).toEqual(expect.arrayContaining(ROUTES.map(({ method, path }) => `${method.toLowerCase()} ${path}`)));
});

test("each operation has a name of its own, a success, and every parameter of its path", () => {
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { path, operation } of operations) {
    expect(operation.responses).toHaveProperty("200");
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect((operation.parameters ?? []).filter((given) => given.in === "path").map(({ name }) => name)).toEqual(named);
  }
});

test("every reference leads somewhere", () => {
  const references = [...nodes(document)].flatMap(({ $ref }) => (typeof $ref === "string" ? [$ref] : []));
  expect(references.length).toBeGreaterThan(50);
  for (const reference of references) expect(resolved(reference), reference).toBeDefined();
});

test("every tag and every way to prove who calls is declared", () => {
  const tags = document.tags.map(({ name }: { name: string }) => name);
  for (const { tags: own } of operations.map(({ operation }) => operation as unknown as { tags: string[] })) {
    expect(tags).toEqual(expect.arrayContaining(own));
  }
  const schemes = Object.keys(document.components.securitySchemes);
  for (const { security } of [document, ...operations.map(({ operation }) => operation)]) {
    for (const choice of security ?? []) expect(schemes).toEqual(expect.arrayContaining(Object.keys(choice)));
  }
  for (const { path, operation } of operations) {
    const takesBoth = operation.security?.some((choice) => "xApiKey" in choice) ?? false;
    expect(takesBoth).toBe(path.startsWith("/v1/messages"));
  }
});

test("a body is described where there is one, with what it can't do without", () => {
  for (const { method, path, kind } of EVERY_ROUTE) {
    const { requestBody } = paths[path]?.[method.toLowerCase()] ?? { responses: {} };
    expect(requestBody !== undefined, path).toBe(method === "POST");
    if (requestBody === undefined) continue;
    const [content] = Object.entries(
      requestBody.content as Record<string, { schema: { $ref: string }; example: Node }>,
    );
    if (content === undefined) throw new Error(`${path} has a body of no type`);
    const [type, { schema, example }] = content;
    expect(type).toBe(kind === "audio" ? "multipart/form-data" : "application/json");
    const { required, properties } = resolved(schema.$ref) as { required: string[]; properties: Node };
    expect(required).toEqual(expect.arrayContaining(["model", ...(REQUIRED[kind] ?? [])]));
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(required));
    expect(Object.keys(example)).toEqual(expect.arrayContaining(required));
  }
});

test("no field is described that the rule table does not know or refuses", () => {
  for (const [kind, fields] of Object.entries(FIELDS)) {
    for (const field of Object.keys(fields)) {
      const rule = ruleFor(kind as Kind, field)?.rule ?? "unknown";
      expect(`${kind}.${field}: ${rule}`).toMatch(/: (passed|capped|switched|schema)$/);
    }
  }
  for (const { field } of NEVER_FIELDS) expect(document.info.description).toContain(`\`${field}\``);
});

test("bounds are those of the rule table", () => {
  const { n, max_tokens, top_logprobs } = document.components.schemas.ChatRequest.properties;
  expect(n).toMatchObject({ type: "integer", minimum: 1, maximum: 16 });
  expect(max_tokens).toMatchObject({ minimum: 1, maximum: 1_000_000 });
  expect(top_logprobs).toMatchObject({ minimum: 0, maximum: 20 });
});

test("each code that a program can meet has an example in an answer of its status, in the dialect's shape", () => {
  const known = document.components.schemas.Error.properties.error.properties.code.enum as string[];
  expect(ERROR_CODES).toEqual(expect.arrayContaining(known));
  const responses = document.components.responses as Record<
    string,
    { content: Record<string, { examples: Examples }> }
  >;
  const examples = Object.entries(responses).flatMap(([name, { content }]) =>
    Object.entries(content["application/json"]?.examples ?? {}).map(([code, { value }]) => ({ name, code, value })),
  );
  for (const { name, code, value } of examples) {
    if (name.startsWith("Anthropic"))
      expect(value).toMatchObject({ type: "error", error: { type: expect.any(String) } });
    else expect(value).toMatchObject({ error: { code } });
  }
  const told = new Set(examples.map(({ code }) => code));
  expect(known.filter((code) => code !== "method_not_allowed").sort()).toEqual([...told].sort());
  expect(told).toContain("insufficient_quota");
});
