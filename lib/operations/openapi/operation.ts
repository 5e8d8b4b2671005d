import type { Route } from "@/lib/gateway/routes";
import { errorsOf } from "./errors";
import { requestSchemaOf } from "./request-schemas";
import { ROUTE_WORDS } from "./words";

const MB = 1024 * 1024;

/** One route of the gateway as an OpenAPI operation. Throws for a route nobody has described. */
export function operationOf(route: Route) {
  const words = ROUTE_WORDS[route.path];
  if (words === undefined) throw new Error(`${route.path} has no description`);
  const namesModel = route.path.endsWith("{id}");
  const isCall = route.method === "POST";
  const headers = {
    "x-request-id": { $ref: "#/components/headers/x-request-id" },
    ...(isCall && { "x-podpass-queue-ms": { $ref: "#/components/headers/x-podpass-queue-ms" } }),
  };
  const content = {
    "application/json": { schema: { type: "object" }, example: words.answer },
    ...(words.events !== undefined && {
      "text/event-stream": { schema: { type: "string" }, example: words.events },
    }),
  };
  return {
    operationId: words.id,
    tags: [words.tag],
    summary: words.summary,
    ...(route.dialect === "anthropic" && { security: [{ bearer: [] }, { xApiKey: [] }] }),
    ...(isCall && { parameters: [AFFINITY] }),
    ...(namesModel && {
      parameters: [
        {
          name: "id",
          in: "path",
          required: true,
          description: "The model's id; a slash in it is written as %2F.",
          schema: { type: "string", maxLength: 256 },
        },
      ],
    }),
    ...requestBodyOf(route, words.request),
    responses: {
      "200": { description: "The answer, in the pod's own words.", headers, content },
      ...errorsOf(route.method, namesModel, route.dialect),
    },
  };
}

const AFFINITY = {
  name: "x-podpass-affinity",
  in: "header",
  required: false,
  description:
    "Where several pods serve the model: `prefix` sends calls that begin alike to the same one, whose prefix cache knows them; any other word, calls with the same word.",
  schema: { type: "string", maxLength: 128 },
} as const;

function requestBodyOf({ kind, largestBody }: Route, example: unknown) {
  const schema = requestSchemaOf(kind);
  if (schema === null) return {};
  const type = kind === "audio" ? "multipart/form-data" : "application/json";
  return {
    requestBody: {
      required: true,
      description: `At most ${largestBody / MB} MB, not compressed.`,
      content: { [type]: { schema, example } },
    },
  };
}
