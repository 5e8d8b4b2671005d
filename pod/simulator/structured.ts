import { invalidField } from "./errors";
import { type Body, isObject } from "./fields";
import { sampleJson } from "./json-sample";

const ANY_OBJECT = JSON.stringify({ answer: "forty-two" });

/** The text a structured output comes down to: the smallest value its schema allows, or the first choice. */
export function structuredText(body: Body): string | undefined {
  const format = body.response_format;
  if (isObject(format) && format.type !== "text") return formatted(format);
  const wanted = body.structured_outputs;
  if (!isObject(wanted)) return undefined;
  if (Array.isArray(wanted.choice)) return String(wanted.choice[0]);
  if (isObject(wanted.json)) return JSON.stringify(sampleJson(wanted.json));
  if (typeof wanted.json === "string") return JSON.stringify(sampleJson(JSON.parse(wanted.json)));
  return wanted.json_object === true ? ANY_OBJECT : undefined;
}

function formatted(format: Body): string {
  if (format.type === "json_object") return ANY_OBJECT;
  if (format.type !== "json_schema") {
    const message = "Input should be 'text', 'json_object' or 'json_schema'";
    throw invalidField("response_format.type", "literal_error", message, format.type);
  }
  // Chat nests the schema, the Responses API doesn't.
  const holder = isObject(format.json_schema) ? format.json_schema : format;
  return JSON.stringify(sampleJson(holder.schema));
}
