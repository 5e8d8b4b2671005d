import { badRequest, wrongType } from "./errors";
import { type Body, isObject } from "./fields";
import type { FinishReason } from "./generation";
import { sampleJson } from "./json-sample";
import { lastRole, lastUserText, type Prompt } from "./prompt";

export type ToolCall = { name: string; arguments: string; finish: FinishReason };

type Tool = { name: string; parameters: unknown };

/**
 * Which tool the model calls, if any. `required` calls the first and a named choice that one, with the smallest
 * arguments their schema allows. Left to itself the model calls a tool whose name the user's last message contains
 * (underscores read as spaces), and none right after a tool's result.
 */
export function chooseTool(body: Body, prompt: Prompt): ToolCall | undefined {
  const tools = readTools(body);
  const choice = body.tool_choice ?? (tools.length > 0 ? "auto" : "none");
  if (choice === "none") return undefined;
  if (tools.length === 0) throw badRequest("When using `tool_choice`, `tools` must be set.", "tool_choice");
  if (isObject(choice)) {
    const name = isObject(choice.function) ? choice.function.name : choice.name;
    const tool = tools.find((candidate) => candidate.name === name);
    if (tool) return call(tool, "stop");
    throw badRequest("The tool specified in `tool_choice` does not match any of the specified `tools`", "tool_choice");
  }
  if (choice === "required") return tools[0] && call(tools[0], "tool_calls");
  if (lastRole(prompt) === "tool") return undefined;
  const said = lastUserText(prompt).toLowerCase();
  const meant = tools.find(({ name }) =>
    [name, name.replaceAll("_", " ")].some((form) => said.includes(form.toLowerCase())),
  );
  return meant && call(meant, "tool_calls");
}

/** JSON as Python writes it: vLLM's parsers read a call's arguments and write them anew. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`)
    .join(", ")}}`;
}

function call({ name, parameters }: Tool, finish: FinishReason): ToolCall {
  return { name, arguments: spaced(sampleJson(parameters ?? { type: "object" })), finish };
}

function readTools(body: Body): Tool[] {
  const { tools } = body;
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) throw wrongType("tools", "list", tools);
  return (tools as unknown[]).map((tool, at) => {
    if (!isObject(tool)) throw wrongType(`tools.${at}`, "dict", tool);
    // Chat nests the function, the Responses API doesn't, the Messages API says `input_schema`.
    const inner = isObject(tool.function) ? tool.function : tool;
    if (typeof inner.name !== "string") throw wrongType(`tools.${at}.function.name`, "string", inner.name);
    return { name: inner.name, parameters: inner.parameters ?? inner.input_schema };
  });
}
