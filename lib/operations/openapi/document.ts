import { createHash } from "node:crypto";
import type { Answer } from "@/lib/gateway/errors";
import { EVERY_ROUTE } from "@/lib/gateway/routes";
import packageJson from "@/package.json";
import { ERROR_SCHEMAS, errorResponses } from "./errors";
import { KEYLESS_PATHS } from "./keyless-paths";
import { operationOf } from "./operation";
import { REQUEST_SCHEMAS } from "./request-schemas";
import { HEADERS, INTRODUCTION, TAGS } from "./words";

/** The API as OpenAPI 3.1, made of the tables that the gateway itself works by. */
export function apiDocument(publicUrl: string) {
  const gateway = EVERY_ROUTE.map((route) => [route.path, { [route.method.toLowerCase()]: operationOf(route) }]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Podpass",
      version: packageJson.version,
      summary: "Personal API keys, limits and exact usage for a team's own vLLM pod.",
      description: INTRODUCTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: publicUrl }],
    security: [{ bearer: [] }],
    tags: TAGS,
    paths: { ...Object.fromEntries(gateway), ...KEYLESS_PATHS },
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "sk-vllm-…",
          description: "A personal key, issued in the dashboard under Keys. Exactly one credential: two are refused.",
        },
        xApiKey: {
          type: "apiKey",
          in: "header",
          name: "x-api-key",
          description: "The same key, as Anthropic's SDK sends it. Only on /v1/messages and below.",
        },
        metricsToken: { type: "http", scheme: "bearer", description: "METRICS_TOKEN of the installation." },
      },
      headers: HEADERS,
      schemas: { ...REQUEST_SCHEMAS, ...ERROR_SCHEMAS },
      responses: errorResponses(),
    },
  };
}

/** Answers with the document, or with 304 to whoever has it already. */
export function createApiDocument(publicUrl: string) {
  let known: { body: Buffer; etag: string } | undefined;

  return function answerDocument(ifNoneMatch: string | null, requestId: string): Answer {
    known ??= serialise(publicUrl);
    const headers = {
      "cache-control": "public, max-age=300",
      etag: known.etag,
      "x-content-type-options": "nosniff",
      "x-request-id": requestId,
    };
    if (isSame(ifNoneMatch, known.etag)) return { status: 304, headers, body: Buffer.alloc(0) };
    return {
      status: 200,
      headers: { ...headers, "content-type": "application/json", "content-length": String(known.body.length) },
      body: known.body,
    };
  };
}

function serialise(publicUrl: string) {
  const body = Buffer.from(JSON.stringify(apiDocument(publicUrl)));
  return { body, etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"` };
}

/** Weak comparison (RFC 9110, section 13.1.2): a proxy that compresses marks the tag as weak. */
function isSame(ifNoneMatch: string | null, etag: string) {
  const tags = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes(etag) || tags.includes("*");
}
