import { AnswerFrame } from "./assemble-openai";
import { type Assembler, type Fields, isFields, jsonOf, listOf, objectIn, UnreadableEvent } from "./assembly";
import { elementsOf, memberOf } from "./json-spans";
import { redumped, SPACED, withPythonNumbers } from "./python-json";

/** How the request let its model call tools: it decides what stands where there is no text, and how a call ends. */
export type ToolMode = "none" | "auto" | "required" | "named";

/** Puts the chunks of `/v1/chat/completions` together, byte for byte as vLLM answers without streaming. */
export class ChatAssembler implements Assembler {
  size = 0;
  private readonly tools: ToolMode;
  private readonly frame = new AnswerFrame();
  private readonly choices = new Map<number, ChatChoice>();
  private promptIds: unknown = null;
  private promptText: unknown = null;

  constructor(tools: ToolMode) {
    this.tools = tools;
  }

  take(payload: Buffer) {
    const chunk = objectIn(payload);
    this.frame.take(chunk, payload);
    this.promptIds ??= chunk.prompt_token_ids;
    this.promptText ??= chunk.prompt_text;
    for (const [at, choice] of listOf(chunk.choices).entries()) {
      if (!isFields(choice) || typeof choice.index !== "number") throw new UnreadableEvent("a choice without index");
      const known = this.choices.get(choice.index) ?? new ChatChoice(choice.index, this.tools);
      this.choices.set(choice.index, known);
      known.take(choice, () => memberOf(elementsOf(memberOf(payload, "choices") ?? payload)[at] ?? payload, "logprobs"));
    }
    this.size += payload.length;
  }

  finish(): Buffer {
    if (this.choices.size === 0) throw new UnreadableEvent("a stream without choices");
    const choices = [...this.choices.values()].sort((a, b) => a.index - b.index).map((choice) => choice.json());
    const prompt = `,"prompt_logprobs":null,"prompt_token_ids":${jsonOf(this.promptIds)},"prompt_text":${jsonOf(this.promptText)}`;
    return Buffer.from(
      this.frame.head("chat.completion", choices) + this.frame.middle() + prompt + this.frame.tail(),
    );
  }
}

type ToolCall = { id: unknown; type: unknown; name: string; arguments: string };

class ChatChoice {
  readonly index: number;
  private readonly tools: ToolMode;
  private role: unknown = null;
  private content = "";
  private reasoning: string | null = null;
  private readonly others = new Map<string, unknown>();
  private readonly calls = new Map<number, ToolCall>();
  private readonly logprobs: string[] = [];
  private hasLogprobs = false;
  private readonly tokenIds: unknown[] = [];
  private hasTokenIds = false;
  private finish: unknown = null;
  private stop: unknown = null;

  constructor(index: number, tools: ToolMode) {
    this.index = index;
    this.tools = tools;
  }

  take(choice: Fields, rawLogprobs: () => Buffer | null) {
    if (isFields(choice.delta)) this.takeDelta(choice.delta);
    if (isFields(choice.logprobs)) this.takeLogprobs(choice.logprobs, rawLogprobs());
    if (Array.isArray(choice.token_ids)) {
      this.hasTokenIds = true;
      for (const id of choice.token_ids) this.tokenIds.push(id);
    }
    if (choice.finish_reason !== null && choice.finish_reason !== undefined) {
      this.finish = choice.finish_reason;
      this.stop = choice.stop_reason ?? null;
    }
  }

  private takeDelta({ role, content, reasoning, tool_calls: calls, ...others }: Fields) {
    if (typeof role === "string") this.role ??= role;
    if (typeof content === "string") this.content += content;
    if (typeof reasoning === "string") this.reasoning = (this.reasoning ?? "") + reasoning;
    for (const call of listOf(calls)) if (isFields(call)) this.takeCall(call);
    // What another version calls by another name (`reasoning_content`) is text as well.
    for (const [name, value] of Object.entries(others)) {
      const known = this.others.get(name);
      const isText = typeof value === "string" && typeof known === "string";
      if (value !== null) this.others.set(name, isText ? known + value : value);
    }
  }

  private takeCall({ index, id, type, function: called }: Fields) {
    const at = typeof index === "number" ? index : 0;
    const known = this.calls.get(at) ?? { id: null, type: "function", name: "", arguments: "" };
    this.calls.set(at, known);
    known.id ??= id;
    if (typeof type === "string") known.type = type;
    if (!isFields(called)) return;
    if (typeof called.name === "string") known.name += called.name;
    if (typeof called.arguments === "string") known.arguments += called.arguments;
  }

  private takeLogprobs({ content }: Fields, raw: Buffer | null) {
    this.hasLogprobs = true;
    const rawContent = raw && memberOf(raw, "content");
    if (!Array.isArray(content) || !rawContent) return;
    for (const [at, entry] of elementsOf(rawContent).entries()) {
      this.logprobs.push(withPythonNumbers(isWhole(content[at]) ? entry.toString("utf8") : filledUp(content[at])));
    }
  }

  json(): string {
    const logprobs = this.hasLogprobs ? `{"content":[${this.logprobs.join(",")}]}` : "null";
    const tokenIds = this.hasTokenIds ? jsonOf(this.tokenIds) : "null";
    return (
      `{"index":${this.index},"message":${this.message()},"logprobs":${logprobs},"finish_reason":${this.finishReason()},` +
      `"stop_reason":${jsonOf(this.stop)},"token_ids":${tokenIds},"routed_experts":null}`
    );
  }

  private message() {
    const calls = [...this.calls].sort(([a], [b]) => a - b).map(([, call]) => callJson(call));
    const rest = [...this.others].map(([name, value]) => `,${JSON.stringify(name)}:${jsonOf(value)}`);
    return (
      `{"role":${jsonOf(this.role ?? "assistant")},"content":${jsonOf(this.wholeContent())},"refusal":null,` +
      `"annotations":null,"audio":null,"function_call":null${calls.length > 0 ? `,"tool_calls":[${calls.join(",")}]` : ""},` +
      `"reasoning":${jsonOf(this.reasoning)}${rest.join("")}}`
    );
  }

  /** Where nothing was said, vLLM has an empty text in some cases and none in others. */
  private wholeContent(): string | null {
    const hasCalls = this.calls.size > 0;
    const content = hasCalls && this.content.trim() === "" ? "" : this.content;
    if (content !== "" || this.tools === "required" || this.tools === "named") return content;
    return hasCalls || this.reasoning !== null ? null : "";
  }

  /** A stream says `tool_calls` only where the model stopped by itself, a whole answer by what the model was told to do. */
  private finishReason() {
    const isCall = [...this.calls.values()].every((call) => redumped(call.arguments, SPACED) !== null);
    if (this.tools === "auto" && this.calls.size > 0 && isCall) return '"tool_calls"';
    if (this.tools === "required" && this.finish === "stop") return '"tool_calls"';
    return jsonOf(this.finish ?? "stop");
  }
}

/** Most of vLLM's parsers read a call's arguments and write them anew; what isn't JSON stays as it came. */
function callJson({ id, type, name, arguments: text }: ToolCall) {
  const written = redumped(text, SPACED) ?? text;
  return `{"id":${jsonOf(id)},"type":${jsonOf(type)},"function":{"name":${jsonOf(name)},"arguments":${jsonOf(written)}}}`;
}

const ENTRY = ["token", "logprob", "bytes", "top_logprobs"];
const isWhole = (entry: unknown) => isFields(entry) && ENTRY.every((name) => Object.hasOwn(entry, name));

/** Streams leave out what has its default. */
function filledUp(entry: unknown) {
  const { token, logprob, bytes, top_logprobs: top } = isFields(entry) ? entry : {};
  return `{"token":${jsonOf(token)},"logprob":${jsonOf(logprob ?? -9999)}.0,"bytes":${jsonOf(bytes)},"top_logprobs":${jsonOf(top ?? [])}}`;
}
