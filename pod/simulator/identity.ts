import { randomBytes } from "node:crypto";
import type { Exchange } from "./exchange";

/** What vLLM 0.32 signs its answers with; the second half depends on its configuration. */
export const FINGERPRINT = "vllm-0.32.0-5eeda17e";

/** Sixteen hexadecimal characters, as vLLM's own ids have. */
export const newId = () => randomBytes(8).toString("hex");

/** The id of an answer: made from `x-request-id` where the caller gave one. */
export const answerId = (prefix: string, { entry }: Exchange) => `${prefix}-${entry.requestId ?? newId()}`;
