import {
  type Assembler,
  BYTES_PER_CHOICE,
  BYTES_PER_PIECE,
  type Fields,
  isFields,
  jsonOf,
  objectIn,
  UnreadableEvent,
} from "./assembly";
import { COMPACT, redumped } from "./python-json";

type ToolUse = { id: unknown; name: unknown; input: string };

/** Puts the events of `/v1/messages` together, byte for byte as vLLM answers without streaming. */
export class MessageAssembler implements Assembler {
  size = 0;
  private readonly mayChoose: boolean;
  private opening: Fields | null = null;
  private thinking = "";
  private signature: unknown = null;
  private text = "";
  private readonly blocks = new Map<unknown, ToolUse>();
  private ending: Fields = {};
  private usage: unknown = null;

  /** Whether the model was free to call a tool or not: its calls then decide how the answer ended. */
  constructor(mayChoose: boolean) {
    this.mayChoose = mayChoose;
  }

  take(payload: Buffer) {
    const event = objectIn(payload);
    this.size += event.type === "content_block_start" ? BYTES_PER_CHOICE : BYTES_PER_PIECE;
    if (event.type === "message_start" && isFields(event.message)) {
      this.opening = event.message;
    } else if (event.type === "content_block_start" && isFields(event.content_block)) {
      const { type, id, name } = event.content_block;
      if (type === "tool_use") this.blocks.set(event.index, { id, name, input: "" });
    } else if (event.type === "content_block_delta" && isFields(event.delta)) {
      this.takeDelta(event.index, event.delta);
    } else if (event.type === "message_delta") {
      if (isFields(event.delta)) this.ending = event.delta;
      this.usage = event.usage;
    }
  }

  private takeDelta(index: unknown, { text, thinking, signature, partial_json: json }: Fields) {
    if (typeof text === "string") this.text += text;
    if (typeof thinking === "string") this.thinking += thinking;
    for (const piece of [text, thinking, json]) if (typeof piece === "string") this.size += piece.length;
    if (typeof signature === "string") this.signature = signature;
    const block = this.blocks.get(index);
    if (block !== undefined && typeof json === "string") block.input += json;
  }

  finish(): Buffer {
    if (this.opening === null) throw new UnreadableEvent("a message that never began");
    const { id, type, role, model } = this.opening;
    const calls = [...this.blocks.values()].flatMap((block) => toolUse(block));
    const content = [...this.thought(), ...this.said(calls.length > 0), ...calls];
    if (content.length === 0) content.push('{"type":"text","text":""}');
    const members = [
      `"id":${jsonOf(id)},"type":${jsonOf(type)},"role":${jsonOf(role)},"content":[${content.join(",")}]`,
      `"model":${jsonOf(model)}`,
      ...this.stopped(calls.length),
      ...present("usage", this.usage),
    ];
    return Buffer.from(`{${members.join(",")}}`);
  }

  private thought() {
    if (this.thinking === "") return [];
    return [`{"type":"thinking","thinking":${jsonOf(this.thinking)}${this.signed()}}`];
  }

  private signed() {
    return this.signature === null ? "" : `,"signature":${jsonOf(this.signature)}`;
  }

  private said(hasCalls: boolean) {
    const isNothing = hasCalls ? this.text.trim() === "" : this.text === "";
    return isNothing ? [] : [`{"type":"text","text":${jsonOf(this.text)}}`];
  }

  private stopped(calls: number) {
    const { stop_reason: reason, stop_sequence: sequence } = this.ending;
    // Complete calls count as the answer's end even where the token limit came right after them.
    const isCut = reason === "max_tokens" && !(this.mayChoose && calls > 0 && calls === this.blocks.size);
    return [
      ...present("stop_reason", reason === "max_tokens" && !isCut ? "tool_use" : reason),
      ...present("stop_sequence", sequence),
    ];
  }
}

/** Whole messages leave out what there isn't. */
const present = (name: string, value: unknown) =>
  value === null || value === undefined ? [] : [`"${name}":${JSON.stringify(value)}`];

/** A call that was cut short has no input that anybody could use: it is left out, as vLLM's own parsers do. */
function toolUse({ id, name, input }: ToolUse) {
  const written = redumped(input, COMPACT);
  return written === null ? [] : [`{"type":"tool_use","id":${jsonOf(id)},"name":${jsonOf(name)},"input":${written}}`];
}
