import { badRequest } from "./errors";
import { type Body, isObject } from "./fields";
import { sampleJson } from "./json-sample";

/** The text a structured output comes down to: the smallest value its schema allows, or the first choice. */
export function structuredText(body: Body): string | undefined {
  const format = body.response_format;
  if (isObject(format)) {
    if (format.type === "json_object") return JSON.stringify({ answer: "forty-two" });
    if (format.type === "json_schema") {
      const schema = isObject(format.json_schema) ? format.json_schema.schema : undefined;
      if (!isObject(schema))
        throw badRequest(
          "When response_format type is 'json_schema', the 'json_schema' field must be provided.",
          "response_format",
        );
      return JSON.stringify(sampleJson(schema));
    }
    if (format.type !== "text") throw badRequest("response_format is not supported.", "response_format");
  }
  const wanted = body.structured_outputs;
  if (!isObject(wanted)) return undefined;
  if (Array.isArray(wanted.choice)) return String(wanted.choice[0]);
  if (isObject(wanted.json)) return JSON.stringify(sampleJson(wanted.json));
  if (typeof wanted.json === "string") return JSON.stringify(sampleJson(JSON.parse(wanted.json)));
  return wanted.json_object === true ? JSON.stringify({ answer: "forty-two" }) : undefined;
}
