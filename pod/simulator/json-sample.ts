type Schema = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 12;

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The smallest value that a JSON schema allows, as far as types, enums, constants, required properties, bounds, common
 * formats, unions and local references go. Patterns and conditions are not solved.
 */
export function sampleJson(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isObject(schema) || depth > MAX_DEPTH) return null;
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (typeof schema.$ref === "string") return sampleJson(resolve(root, schema.$ref), root, depth + 1);
  for (const union of [schema.anyOf, schema.oneOf]) {
    if (Array.isArray(union)) return sampleJson(union[0], root, depth + 1);
  }
  if (Array.isArray(schema.allOf)) return sampleJson(merge(schema, schema.allOf, root), root, depth + 1);
  switch (typeOf(schema)) {
    case "object":
      return sampleObject(schema, root, depth);
    case "array": {
      const length = numberOr(schema.minItems, 0);
      return Array.from({ length: Math.min(length, 100) }, () => sampleJson(schema.items, root, depth + 1));
    }
    case "string":
      return sampleString(schema);
    case "integer":
      return sampleNumber(schema, 1);
    case "number":
      return sampleNumber(schema, 0.5);
    case "boolean":
      return true;
    default:
      return null;
  }
}

function typeOf(schema: Schema) {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  return type ?? (isObject(schema.properties) ? "object" : "items" in schema ? "array" : "string");
}

function sampleObject(schema: Schema, root: unknown, depth: number) {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const names = Array.isArray(schema.required) ? schema.required : Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, sampleJson(properties[name], root, depth + 1)]));
}

const FORMATS: Readonly<Record<string, string>> = {
  date: "2026-01-02",
  time: "03:04:05Z",
  "date-time": "2026-01-02T03:04:05Z",
  email: "someone@example.com",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

function sampleString(schema: Schema) {
  if (typeof schema.format === "string" && schema.format in FORMATS) return FORMATS[schema.format];
  const text = "Kathmandu".padEnd(Math.min(numberOr(schema.minLength, 0), 10_000), "u");
  return text.slice(0, numberOr(schema.maxLength, text.length));
}

function sampleNumber(schema: Schema, step: number) {
  if (typeof schema.minimum === "number") return step === 1 ? Math.ceil(schema.minimum) : schema.minimum;
  if (typeof schema.exclusiveMinimum === "number") return Math.floor(schema.exclusiveMinimum) + 1;
  return Math.min(step === 1 ? 7 : 7.5, numberOr(schema.maximum, 7.5));
}

function resolve(root: unknown, reference: string): unknown {
  let found = root;
  for (const part of reference.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    found = isObject(found) ? found[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  }
  return found;
}

function merge(schema: Schema, parts: readonly unknown[], root: unknown): Schema {
  const { allOf: _, ...merged } = schema;
  const properties = { ...asObject(schema.properties) };
  const required = [...asArray(schema.required)];
  for (const part of parts) {
    const next = isObject(part) && typeof part.$ref === "string" ? resolve(root, part.$ref) : part;
    if (!isObject(next)) continue;
    Object.assign(merged, next);
    Object.assign(properties, asObject(next.properties));
    required.push(...asArray(next.required));
  }
  return { ...merged, properties, required };
}

const numberOr = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise);
const asObject = (value: unknown) => (isObject(value) ? value : {});
const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
