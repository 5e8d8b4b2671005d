import { expect, test } from "vitest";
import { refusalFromPod } from "./pod-answer";

const answer = (error: unknown) => Buffer.from(JSON.stringify({ error }));

test("a field that fails the pod's checks is named, its value is not repeated", () => {
  const detail = (type: string, at: string, words: string) =>
    `{'type': '${type}', 'loc': '${at}', 'msg': '${words}', 'input': 'my secret prompt'}`;
  const message = `2 validation errors:\n  ${detail("float_parsing", "body.min_p", "Input should be a valid number")}\n  ${detail("missing", "body.x", "Field required")}`;
  const refusal = refusalFromPod(400, answer({ message, type: "Bad Request", param: "body.min_p", code: 400 }), null);
  expect(refusal).toMatchObject({
    code: "invalid_request",
    message: "min_p: Input should be a valid number",
    param: "min_p",
  });
});

test("the pod's own sentence about a value passes", () => {
  const message = "temperature must be in [0, 2], got 5.0. (parameter=temperature, value=5.0)";
  const refusal = refusalFromPod(
    400,
    answer({ message, type: "BadRequestError", param: "temperature", code: 400 }),
    null,
  );
  expect(refusal).toMatchObject({ code: "invalid_request", message, param: "temperature" });
});

test("a prompt over the context and a model that is not served keep their meaning", () => {
  const tooLong =
    "This model's maximum context length is 1024 tokens. However, your prompt contains at least 1025 input tokens.";
  const unknown = "The model `nope` does not exist. Valid aliases: tiny-llama.";
  expect(refusalFromPod(400, answer({ message: tooLong }), null).code).toBe("context_length_exceeded");
  expect(refusalFromPod(404, answer({ message: unknown }), null)).toMatchObject({
    code: "model_not_found",
    param: "model",
  });
});
