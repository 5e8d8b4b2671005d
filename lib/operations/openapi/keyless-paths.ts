import { LONGEST_REPORT } from "@/lib/abuse/leaks/reports";
import { TROUBLE_WORDS } from "@/lib/limits/standing";

const headers = { "x-request-id": { $ref: "#/components/headers/x-request-id" } };

const ok = {
  description: "All is well.",
  headers,
  content: { "application/json": { schema: { type: "object" }, example: { status: "ok" } } },
};

const refused = (description: string) => ({
  description,
  headers,
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
});

const wrongMethod = { "405": refused("Only GET and HEAD are answered here.") };

/** What is answered without a personal key. */
export const KEYLESS_PATHS = {
  "/healthz": {
    get: {
      operationId: "isAlive",
      tags: ["Operate"],
      summary: "Whether the process lives",
      security: [],
      responses: { "200": ok, ...wrongMethod },
    },
  },
  "/readyz": {
    get: {
      operationId: "isReady",
      tags: ["Operate"],
      summary: "Whether this process should get work: its database and migrations, and no stop under way",
      security: [],
      responses: {
        "200": {
          ...ok,
          description:
            "All is well, or `warnings` says what is wrong that sending work elsewhere would not help: limits that are not shared.",
          content: {
            "application/json": {
              schema: { $ref: "#/components/schemas/Ready" },
              example: { status: "ok", warnings: [TROUBLE_WORDS.redis_away] },
            },
          },
        },
        "503": {
          description: "It should not, and why.",
          headers,
          content: {
            "application/json": {
              schema: { $ref: "#/components/schemas/Unready" },
              example: { status: "unavailable", reasons: ["the database cannot be reached"] },
            },
          },
        },
        ...wrongMethod,
      },
    },
  },
  "/report/secret": {
    post: {
      operationId: "reportLeakedSecret",
      tags: ["Operate"],
      summary: "Report a leaked secret: its key is revoked at once and its owner told",
      description:
        "For anybody who holds a secret that they should not have. The answer is the same, in content and time, for every string. A secret that had ended before ends nothing. People use the page `/report`.",
      security: [],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              required: ["secret"],
              properties: {
                secret: {
                  type: "string",
                  minLength: 1,
                  maxLength: LONGEST_REPORT,
                  description: "The secret, or the lines that hold it.",
                },
              },
            },
            example: { secret: "sk-vllm-…" },
          },
        },
      },
      responses: {
        "200": {
          description: "Received.",
          headers,
          content: { "application/json": { schema: { type: "object" }, example: { status: "received" } } },
        },
        "400": refused("No JSON, or no secret in it."),
        "405": refused("Only POST is answered here."),
        "413": refused("More than a report may hold."),
        "415": refused("Not `application/json`."),
        "429": refused("Too many reports from one source: `retry-after` says when the next is taken."),
        "503": refused("The database cannot be reached. Send it again."),
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "readMetrics",
      tags: ["Operate"],
      summary: "Figures for Prometheus: with METRICS_TOKEN, or from the same machine without a proxy between",
      security: [{ metricsToken: [] }, {}],
      responses: {
        "200": {
          description: "Prometheus' text format.",
          headers,
          content: { "text/plain": { schema: { type: "string" } } },
        },
        "404": refused("Neither the token nor this machine."),
        ...wrongMethod,
      },
    },
  },
  "/openapi.json": {
    get: {
      operationId: "readDescription",
      tags: ["Operate"],
      summary: "This description",
      security: [],
      responses: {
        "200": { ...ok, description: "OpenAPI 3.1.", content: { "application/json": { schema: { type: "object" } } } },
        "304": { description: "Unchanged since the `etag` in `if-none-match`." },
        ...wrongMethod,
      },
    },
  },
} as const;
