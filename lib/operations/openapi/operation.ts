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
  const headers = { "x-request-id": { $ref: "#/components/headers/x-request-id" } };
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
