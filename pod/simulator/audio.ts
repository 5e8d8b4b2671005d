import { invalidField, missingField, unknownModel } from "./errors";
import type { Exchange } from "./exchange";
import { readForm } from "./form-data";
import { whole } from "./generation";
import { hashText } from "./seed";
import { compose } from "./sequences";

/** One second of sound for this many bytes, whatever its format: durations only need to be steady. */
const BYTES_PER_SECOND = 16_000;
const TOKENS_PER_SECOND = 50;

/** Transcriptions and translations: a multipart form in, a text that depends on the sound's bytes out. */
export function transcribe(exchange: Exchange) {
  const form = readForm(exchange.req.headers["content-type"], exchange.raw);
  if (form === undefined) throw missingField("file", undefined);
  const { file, fields } = form;
  if (file === undefined) throw missingField("file", fields);
  const { models } = exchange.pod.options;
  if (fields.model !== undefined && !models.includes(fields.model)) throw unknownModel(fields.model, models);
  const format = fields.response_format ?? "json";
  if (!["json", "text", "verbose_json"].includes(format)) {
    throw invalidField("response_format", "literal_error", "Input should be 'json', 'text' or 'verbose_json'", format);
  }
  const seconds = Math.max(1, Math.ceil(file.byteLength / BYTES_PER_SECOND));
  const sampling = { n: 1, seed: 0, stop: [], keepStop: false, minTokens: 0, ignoreEnd: false };
  const seed = hashText(file.toString("latin1"));
  const sequences = compose({ seed, limit: 200, sampling, endless: false });
  const promptTokens = seconds * TOKENS_PER_SECOND;
  whole(exchange, { sequences, prompts: 1, promptTokens, cachedTokens: 0, seed }, () => {
    const text = (sequences[0]?.pieces ?? []).map((piece) => piece.text).join("");
    if (format === "text") return JSON.stringify(text);
    if (format === "verbose_json") {
      return JSON.stringify({
        duration: String(seconds),
        language: fields.language ?? "en",
        text,
        segments: null,
        words: null,
      });
    }
    return JSON.stringify({ text, usage: { type: "duration", seconds } });
  });
}
