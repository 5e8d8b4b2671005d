import { clientAddress, isInNetworks } from "@/lib/client-address";
import { AppError } from "@/lib/errors";
import type { HeaderLines } from "@/lib/http/plain-request";
import type { CallerFacts } from "@/lib/keys/caller-facts";
import { type CheckedBody, checkJson, modelOf } from "./check-json";
import { boundaryOf, formFields } from "./multipart";
import { outputEstimateOf } from "./output-estimate";
import { ruleFor } from "./request-rules";
import type { Route } from "./routes";

/** The part of a request that checking needs. */
export type Checkable = {
  headers: HeaderLines;
  peerIp: string | null;
  /** The whole body. Throws `request_too_large` as soon as it is known to be more than `limit` bytes. */
  readBody(limit: number): Buffer | Promise<Buffer>;
};

/** A request that may go to a pod: what the route, the key and the rule table left of it. */
export type Call = CheckedBody & { route: Route; contentType: string };

export type CheckOptions = { trustedProxies: readonly string[]; isStrict: () => boolean };

const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;
const FORM_TYPE = /^multipart\/form-data\s*;/i;

/** Makes the pipeline's `check` step. */
export function createCheck({ trustedProxies, isStrict }: CheckOptions) {
  /** What a key may do, before any byte of the body is read. Throws `ip_not_allowed`. */
  function checkSource(request: Checkable, caller: CallerFacts): string | null {
    const address = clientAddress({
      peer: request.peerIp,
      forwardedFor: request.headers["x-forwarded-for"]?.join(","),
      trusted: trustedProxies,
    });
    if (caller.cidrs.length > 0 && (address === null || !isInNetworks(address, caller.cidrs))) {
      throw new AppError("ip_not_allowed", "This key may not be used from your network.");
    }
    return address;
  }

  /** Reads and checks a body. Throws whatever of the catalogue says what is wrong with it. */
  function checkCall(request: Checkable, route: Route, caller: CallerFacts): Call | Promise<Call> {
    const contentType = contentTypeOf(request.headers, route);
    refuseTooLong(request.headers, route);
    const body = request.readBody(route.largestBody);
    return body instanceof Promise
      ? body.then((bytes) => checkBody(bytes, contentType, route, caller))
      : checkBody(body, contentType, route, caller);
  }

  function checkBody(bytes: Buffer, contentType: string, route: Route, caller: CallerFacts): Call {
    const checked = route.kind === "audio" ? checkForm(bytes, contentType) : checkJson(route.kind, bytes, isStrict());
    if (caller.models.length > 0 && !caller.models.includes(checked.model)) {
      throw new AppError("model_not_allowed", "This key may not use that model.", { param: "model" });
    }
    const { model, isStreamed, wish, body, needs, promptEstimate, outputEstimate, choicesPerPrompt } = checked;
    // Named one by one: copying objects of two makers was a twentieth of a plain request.
    return {
      route,
      contentType,
      model,
      isStreamed,
      wish,
      body,
      needs,
      promptEstimate,
      outputEstimate,
      choicesPerPrompt,
    };
  }

  return { checkSource, checkCall };
}

function contentTypeOf(headers: HeaderLines, route: Route): string {
  const encoding = headers["content-encoding"]?.join(",").trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") {
    throw new AppError("unsupported_media_type", "Compressed request bodies are not accepted. Send the body as it is.");
  }
  const types = headers["content-type"] ?? [];
  const [type = ""] = types;
  const isForm = route.kind === "audio";
  if (types.length !== 1 || !(isForm ? FORM_TYPE : JSON_TYPE).test(type)) {
    const wanted = isForm ? "multipart/form-data" : "application/json";
    throw new AppError("unsupported_media_type", `The content type of this route is ${wanted}.`);
  }
  return isForm ? type : "application/json";
}

/** A body that announces its size is refused before the first byte of it is read. */
function refuseTooLong(headers: HeaderLines, route: Route) {
  if (Number(headers["content-length"]?.[0] ?? 0) > route.largestBody) throw tooLarge(route.largestBody);
}

/** The refusal of a body over the route's limit. */
export function tooLarge(limit: number) {
  return new AppError("request_too_large", `The request body is larger than ${Math.floor(limit / 1024 / 1024)} MB.`);
}

/** Forms carry audio: only their text fields are read, and the body goes to the pod as it came. */
function checkForm(bytes: Buffer, contentType: string): CheckedBody {
  const boundary = boundaryOf(contentType);
  if (boundary === null) throw new AppError("invalid_request", "The content type names no boundary.");
  const fields = formFields(bytes, boundary);
  const values: Record<string, string> = {};
  for (const { name, value } of fields) {
    if (Object.hasOwn(values, name) && !name.endsWith("[]")) {
      throw new AppError("invalid_request", "A form field appears more than once.");
    }
    if (ruleFor("audio", name)?.rule === "never") {
      throw new AppError("unsupported_parameter", `${name} is not available here.`, { param: name });
    }
    Object.defineProperty(values, name, { value, enumerable: true });
  }
  return {
    model: modelOf(values),
    isStreamed: values.stream?.toLowerCase() === "true",
    wish: { include: true, continuous: true },
    body: bytes,
    needs: [],
    promptEstimate: 0,
    outputEstimate: outputEstimateOf("audio", {}),
    choicesPerPrompt: 1,
  };
}
