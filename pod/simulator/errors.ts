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

export const badRequest = (message: string, param: string | null = null) =>
  new PodError(400, "BadRequestError", message, param);

/** What the request model's own validation says; `loc` is the path of the field inside the body. */
export const invalidBody = (detail: string, param: string | null = null) =>
  new PodError(400, "Bad Request", `1 validation error:\n  ${detail}`, param);

export const wrongType = (field: string, expected: string) =>
  invalidBody(
    `{'type': '${expected}_type', 'loc': 'body.${field}', 'msg': 'Input should be a valid ${expected}'}`,
    `body.${field}`,
  );

export const missingField = (field: string) =>
  invalidBody(`{'type': 'missing', 'loc': 'body.${field}', 'msg': 'Field required'}`, `body.${field}`);

export const unknownModel = (model: string) =>
  new PodError(404, "NotFoundError", `The model \`${model}\` does not exist.`, "model");

export const engineDead = () =>
  new PodError(
    500,
    "InternalServerError",
    "EngineCore encountered an issue. See stack trace (above) for the root cause.",
  );

/** The body of an error answer, and of an error inside a stream. */
export function errorBody({ message, type, param, status }: Pick<PodError, "message" | "type" | "param" | "status">) {
  return { error: { message, type, param, code: status } };
}
