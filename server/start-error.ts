/** Why Podpass did not start, in words for whoever started it: printed alone, without a stack trace. */
export class StartError extends Error {
  override readonly name = "StartError";
}
