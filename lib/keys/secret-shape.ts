/** Anchored and ASCII: nothing that fails it is worth a hash, a query or a log line. */
export const SECRET_PATTERN = /^sk-vllm-[0-9A-Za-z]{38}$/;

/** True where a text holds something shaped like a secret, so that a search field can refuse it before it is sent anywhere. */
export function holdsSecret(text: string) {
  return /sk-vllm-[0-9A-Za-z]{20}/.test(text);
}
