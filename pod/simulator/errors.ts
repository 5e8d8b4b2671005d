/** A refusal as vLLM words it: `code` in the body repeats the status. */
export class PodError extends Error {
  override readonly name = "PodError";
  readonly status: number;
  readonly type: string;
  readonly param: string | null;

  constructor(status: number, type: string, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
  }
}

/** A refusal that comes before vLLM's own code, in the web framework's shape: `{"detail":…}`. */
export class FrameworkError extends Error {
  override readonly name = "FrameworkError";
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** A value the engine won't take. vLLM names the parameter, and the value if there is one, at the end of the sentence. */
export function badRequest(message: string, param: string | null = null, value?: unknown): PodError {
  const shown = value === undefined ? "" : `, value=${value}`;
  return new PodError(
    400,
    "BadRequestError",
    param === null ? message : `${message} (parameter=${param}${shown})`,
    param,
  );
}

/** A body that isn't what the route takes, as its validation describes it. `field` is empty for the body itself,
 * `more` what follows the input. */
export function invalidField(field: string, type: string, message: string, input: unknown, more = ""): PodError {
  const at = field === "" ? "body" : `body.${field}`;
  const detail = `{'type': '${type}', 'loc': '${at}', 'msg': '${message}', 'input': '${summary(input)}'${more}}`;
  return new PodError(400, "Bad Request", `1 validation error:\n  ${detail}`, at);
}

export const missingField = (field: string, body: unknown) => invalidField(field, "missing", "Field required", body);

const TYPES = {
  string: ["string_type", "Input should be a valid string"],
  integer: ["int_type", "Input should be a valid integer"],
  number: ["float_type", "Input should be a valid number"],
  boolean: ["bool_type", "Input should be a valid boolean"],
  list: ["list_type", "Input should be a valid list"],
  dict: ["dict_type", "Input should be a valid dictionary"],
} as const;

export function wrongType(field: string, expected: keyof typeof TYPES, input: unknown): PodError {
  const [type, message] = TYPES[expected];
  return invalidField(field, type, message, input);
}

function summary(input: unknown): string {
  if (input === undefined || input === null) return "None";
  if (Array.isArray(input)) return `<list of ${input.length} items>`;
  if (typeof input === "object") return `<dict of ${Object.keys(input).length} items>`;
  return String(input).slice(0, 200);
}

export const unknownModel = (model: string, served: readonly string[]) =>
  new PodError(
    404,
    "NotFoundError",
    `The model \`${model}\` does not exist. Valid aliases: ${served.join(", ")}.`,
    "model",
  );

export const engineBusy = () =>
  new PodError(
    503,
    "Service Unavailable",
    "The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.",
  );

export const engineDead = () =>
  new PodError(
    500,
    "InternalServerError",
    "EngineCore encountered an issue. See stack trace (above) for the root cause.",
  );

/** The body of an error answer. */
export function errorBody({ message, type, param, status }: Pick<PodError, "message" | "type" | "param" | "status">) {
  return { error: { message, type, param, code: status } };
}

/** The data of an error event. vLLM writes it with spaces, unlike all its other events. */
export function errorEvent({ message, type, param, status }: Pick<PodError, "message" | "type" | "param" | "status">) {
  const fields = [`"message": ${JSON.stringify(message)}`, `"type": ${JSON.stringify(type)}`];
  return `{"error": {${fields.join(", ")}, "param": ${JSON.stringify(param)}, "code": ${status}}}`;
}
