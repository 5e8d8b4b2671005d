import { textOf, toolId } from "./chat";
import type { Generation } from "./generation";
import { newId } from "./identity";

export type Ids = { reasoning: string; message: string; call: string };
export const newIds = (): Ids => ({
  reasoning: `rs_${newId()}`,
  message: `msg_${newId()}`,
  call: `fc_${newId()}`,
});

export const outputText = (text: string, logprobs: unknown = null) => ({
  annotations: [],
  text,
  type: "output_text",
  logprobs,
});

export const messageItem = (id: string, content: unknown[], status: string) => ({
  id,
  content,
  role: "assistant",
  status,
  type: "message",
  phase: null,
});

export const callItem = (id: string, { seed }: Generation, name: string, args: string, status: string) => ({
  arguments: args,
  call_id: toolId(seed, 0),
  name,
  type: "function_call",
  id,
  async: null,
  caller: null,
  namespace: null,
  status,
});

export const reasoningItem = (id: string, text: string | undefined, status: string | null) => ({
  id,
  summary: [],
  type: "reasoning",
  content: text === undefined ? null : [{ text, type: "reasoning_text" }],
  encrypted_content: null,
  status,
});

/** The items of the whole answer. Thoughts have a status only where they were streamed. */
export function outputOf(generation: Generation, ids: Ids, isStreamed: boolean): unknown[] {
  const pieces = generation.sequences[0]?.pieces ?? [];
  const [thought, text, name] = [textOf(pieces, "reasoning"), textOf(pieces), textOf(pieces, "tool")];
  const output: unknown[] = [];
  if (thought !== "") output.push(reasoningItem(ids.reasoning, thought, isStreamed ? "completed" : null));
  if (text !== "") output.push(messageItem(ids.message, [outputText(text)], "completed"));
  if (name !== "") output.push(callItem(ids.call, generation, name, textOf(pieces, "arguments"), "completed"));
  return output;
}
