import { textOf } from "./chat";
import type { Generation, Sequence, StreamShape } from "./generation";
import { callItem, messageItem, newIds, outputOf, outputText, reasoningItem } from "./response-items";
import type { SseWriter } from "./sse-writer";
import type { Piece } from "./text";

type Part = "reasoning" | "message" | "call";

const partOf = (piece: Piece): Part | undefined => {
  if (piece.kind === "reasoning") return "reasoning";
  if (piece.kind === "tool" || piece.kind === "arguments") return "call";
  return piece.text === "" ? undefined : "message";
};

/** A stream of the Responses API: each item opened, filled and closed, the response itself first and last. */
export function responseEvents(
  generation: Generation,
  frame: (output: unknown[], atEnd: boolean) => unknown,
): StreamShape {
  const { sequences } = generation;
  const { pieces } = (sequences as [Sequence])[0];
  const ids = newIds();
  const name = textOf(pieces, "tool");
  let sequence = 0;
  let open: Part | undefined;
  let output = 0;

  /** The fields in vLLM's order: `sequence_number`, `type` and few others come last. */
  const send = (out: SseWriter, type: string, fields: Record<string, unknown>, tokens = 0) => {
    const { text, name, ...first } = fields;
    const data = JSON.stringify({ ...first, sequence_number: sequence, text, type, name });
    sequence += 1;
    return out.event(data, tokens, type);
  };
  const at = (part: "reasoning" | "message") => ({ content_index: 0, item_id: ids[part], output_index: output });

  const openPart = (out: SseWriter, part: Part) => {
    closePart(out);
    open = part;
    const items = {
      reasoning: () => reasoningItem(ids.reasoning, undefined, "in_progress"),
      message: () => messageItem(ids.message, [], "in_progress"),
      call: () => callItem(ids.call, generation, name, "", "in_progress"),
    };
    // A call's name is a token of its own, and leaves with the item.
    send(out, "response.output_item.added", { item: items[part](), output_index: output }, part === "call" ? 1 : 0);
    if (part === "message") send(out, "response.content_part.added", { ...at(part), part: outputText("", []) });
    if (part === "reasoning") {
      send(out, "response.reasoning_part.added", { ...at(part), part: { text: "", type: "reasoning_text" } });
    }
  };

  const closePart = (out: SseWriter) => {
    if (open === undefined) return;
    const done = (item: unknown) => send(out, "response.output_item.done", { item, output_index: output });
    if (open === "message") {
      const text = textOf(pieces);
      const { content_index, item_id, output_index } = at(open);
      send(out, "response.output_text.done", { content_index, item_id, logprobs: [], output_index, text });
      send(out, "response.content_part.done", { ...at(open), part: outputText(text) });
      done(messageItem(ids.message, [outputText(text)], "completed"));
    } else if (open === "reasoning") {
      const text = textOf(pieces, "reasoning");
      send(out, "response.reasoning_text.done", { ...at(open), text });
      send(out, "response.reasoning_part.done", { ...at(open), part: { text, type: "reasoning_text" } });
      done(reasoningItem(ids.reasoning, text, "completed"));
    } else {
      const args = textOf(pieces, "arguments");
      send(out, "response.function_call_arguments.done", {
        arguments: args,
        item_id: ids.call,
        output_index: output,
        name,
      });
      done(callItem(ids.call, generation, name, args, "completed"));
    }
    open = undefined;
    output += 1;
  };

  const delta = (out: SseWriter, part: Part, text: string) => {
    if (part === "call") {
      const fields = { delta: text, item_id: ids.call, output_index: output };
      return send(out, "response.function_call_arguments.delta", fields, 1);
    }
    const { content_index, item_id, output_index } = at(part);
    if (part === "reasoning") {
      return send(out, "response.reasoning_text.delta", { content_index, delta: text, item_id, output_index }, 1);
    }
    return send(
      out,
      "response.output_text.delta",
      { content_index, delta: text, item_id, logprobs: [], output_index },
      1,
    );
  };

  return {
    begin(out) {
      send(out, "response.created", { response: frame([], false) });
      send(out, "response.in_progress", { response: frame([], false) });
    },
    token(out, _sequence, piece) {
      const part = partOf(piece);
      if (part === undefined) return out.silent(1);
      if (open !== part) openPart(out, part);
      if (out.stopped) return false;
      return piece.kind === "tool" ? true : delta(out, part, piece.text);
    },
    end(out) {
      closePart(out);
      send(out, "response.completed", { response: frame(outputOf(generation, ids, true), true) });
      out.end();
    },
  };
}
