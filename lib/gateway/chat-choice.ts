import { type Fields, isFields, jsonOf, listOf } from "./assembly";
import { elementsOf, memberOf } from "./json-spans";
import { redumped, SPACED } from "./python-json";
import { withPythonNumbers } from "./python-numbers";

/** What the request asked for, as far as it decides what stands where nothing was said, and how a call ends. */
export type ChatWish = { tools: "none" | "auto" | "required" | "named"; hidesReasoning: boolean };

const BYTES_PER_ID = 8;
const BYTES_PER_CALL = 512;

type ToolCall = { id: unknown; type: unknown; name: string; arguments: string };

/** One of the choices of a chat, put together from the pieces in which it came. */
export class ChatChoice {
  readonly index: number;
  private readonly wish: ChatWish;
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

  constructor(index: number, wish: ChatWish) {
    this.index = index;
    this.wish = wish;
  }

  /** Returns about how many bytes it adds to the answer. */
  take(choice: Fields, rawLogprobs: () => Buffer | null): number {
    const scores = isFields(choice.logprobs) ? rawLogprobs() : null;
    if (scores !== null && isFields(choice.logprobs)) this.takeLogprobs(choice.logprobs, scores);
    const ids = listOf(choice.token_ids);
    this.hasTokenIds ||= Array.isArray(choice.token_ids);
    for (const id of ids) this.tokenIds.push(id);
    if (choice.finish_reason !== null && choice.finish_reason !== undefined) {
      this.finish = choice.finish_reason;
      this.stop = choice.stop_reason ?? null;
    }
    const added = isFields(choice.delta) ? this.takeDelta(choice.delta) : 0;
    return added + (scores?.length ?? 0) + BYTES_PER_ID * ids.length;
  }

  private takeDelta({ role, content, reasoning, tool_calls: calls, ...others }: Fields): number {
    let added = 0;
    if (typeof role === "string") this.role ??= role;
    if (typeof content === "string") {
      this.content += content;
      added += content.length;
    }
    if (typeof reasoning === "string") {
      this.reasoning = (this.reasoning ?? "") + reasoning;
      added += reasoning.length;
    }
    for (const call of listOf(calls)) if (isFields(call)) added += this.takeCall(call);
    // What another version calls by another name (`reasoning_content`) is text as well.
    for (const [name, value] of Object.entries(others)) {
      if (value === null) continue;
      const known = this.others.get(name);
      this.others.set(name, typeof value === "string" && typeof known === "string" ? known + value : value);
      added += (known === undefined ? BYTES_PER_CALL : 0) + (typeof value === "string" ? value.length : 0);
    }
    return added;
  }

  private takeCall({ index, id, type, function: called }: Fields): number {
    const at = typeof index === "number" ? index : 0;
    const before = this.calls.get(at);
    const known = before ?? { id: null, type: "function", name: "", arguments: "" };
    this.calls.set(at, known);
    known.id ??= id;
    if (typeof type === "string") known.type = type;
    const { name, arguments: text } = isFields(called) ? called : {};
    if (typeof name === "string") known.name += name;
    if (typeof text === "string") known.arguments += text;
    return (before === undefined ? BYTES_PER_CALL : 0) + (typeof text === "string" ? text.length : 0);
  }

  private takeLogprobs({ content }: Fields, raw: Buffer) {
    this.hasLogprobs = true;
    const rawContent = memberOf(raw, "content");
    if (!Array.isArray(content) || rawContent === null) return;
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
    const { tools, hidesReasoning } = this.wish;
    const hasCalls = this.calls.size > 0;
    const content = hasCalls && this.content.trim() === "" ? "" : this.content;
    if (content !== "" || tools === "required" || tools === "named") return content;
    return hasCalls || hidesReasoning || this.reasoning !== null ? null : "";
  }

  /** A stream says `tool_calls` only where the model stopped by itself, a whole answer by what the model was told to do. */
  private finishReason() {
    const { tools } = this.wish;
    const areCalls = [...this.calls.values()].every((call) => redumped(call.arguments, SPACED) !== null);
    if (tools === "auto" && this.calls.size > 0 && areCalls) return '"tool_calls"';
    if (tools === "required" && this.finish === "stop") return '"tool_calls"';
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
