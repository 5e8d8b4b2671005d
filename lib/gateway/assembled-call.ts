import { ChatAssembler } from "./assemble-chat";
import { CompletionAssembler } from "./assemble-completion";
import { MessageAssembler } from "./assemble-message";
import { ResponseAssembler } from "./assemble-response";
import type { Assembler } from "./assembly";
import type { ChatWish } from "./chat-choice";
import type { Call } from "./check";
import { type Span, type Splice, spliceObject, topLevelSpans } from "./json-spans";

/** How a plain request is asked as a stream: the body that asks so, and what makes one answer of it. */
export type AssembledCall = { body: Buffer; assembler: Assembler };

const STREAM: Splice = { key: "stream", json: "true" };
const WITH_USAGE: Splice = { key: "stream_options", json: '{"include_usage":true,"continuous_usage_stats":true}' };

/** Fields that ask for what no stream tells, or that vLLM refuses beside `stream`. */
const UNTOLD = ["stream_options", "prompt_logprobs", "use_beam_search", "best_of", "routed_experts_prompt_start"];

/** Null where the answer couldn't be put together exactly from a stream: such a request goes to the pod as it is. */
export function assembledCall({ route, body, isStreamed }: Call): AssembledCall | null {
  if (isStreamed || !KINDS.has(route.kind)) return null;
  const fields = new Asked(body);
  if (UNTOLD.some((name) => fields.isSet(name))) return null;
  switch (route.kind) {
    case "chat":
      return fields.isSet("echo") ? null : fields.asStream(new ChatAssembler(fields.chatWish()), WITH_USAGE);
    case "completions":
      // With both, a whole answer also has the prompt's log probabilities.
      if (fields.isSet("echo") && fields.isSet("logprobs")) return null;
      return fields.asStream(new CompletionAssembler(fields.isSet("return_token_ids")), WITH_USAGE);
    case "messages":
      return fields.asStream(new MessageAssembler(fields.choosesFreely()));
    case "responses":
      return fields.isSet("background") ? null : fields.asStream(new ResponseAssembler());
    default:
      return null;
  }
}

const KINDS = new Set(["chat", "completions", "messages", "responses"]);

/** A request body, read no further than needed: the conversation in it may be large. */
class Asked {
  private readonly body: Buffer;
  private readonly spans: readonly Span[];

  constructor(body: Buffer) {
    this.body = body;
    this.spans = topLevelSpans(body);
  }

  /** Anything but absent, null and false, in whichever spelling: vLLM reads some texts and numbers as switches. */
  isSet(name: string) {
    const text = this.textOf(name);
    return text !== null && text !== "null" && text !== "false";
  }

  chatWish(): ChatWish {
    return { tools: this.chatTools(), hidesReasoning: this.textOf("include_reasoning") === "false" };
  }

  private chatTools(): ChatWish["tools"] {
    if (!this.isSet("tools")) return "none";
    const choice = this.textOf("tool_choice") ?? "null";
    if (choice.startsWith("{")) return "named";
    if (choice === '"none"') return "none";
    return choice === '"required"' ? "required" : "auto";
  }

  /** The same for the Messages API, where the choice is an object with a type. */
  choosesFreely() {
    if (!this.isSet("tools")) return false;
    const choice = this.isSet("tool_choice") ? (this.textOf("tool_choice") ?? "") : "";
    return choice === "" || /"type"\s*:\s*"auto"/.test(choice);
  }

  asStream(assembler: Assembler, ...more: Splice[]): AssembledCall {
    return { body: spliceObject(this.body, this.spans, [STREAM, ...more]), assembler };
  }

  private textOf(name: string) {
    const span = this.spans.find(({ key }) => key === name);
    return span === undefined ? null : this.body.toString("utf8", span.valueStart, span.valueEnd);
  }
}
