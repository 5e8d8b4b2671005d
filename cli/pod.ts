import { usdText } from "@/lib/micro-usd";
import { explain } from "@/lib/pods/connection";
import { addPod } from "@/lib/pods/mutations";
import { listPods, type PodRow } from "@/lib/pods/queries";
import { addPodSchema } from "@/lib/pods/schema";
import { testPodConnection } from "@/lib/pods/test-connection";
import { operator } from "./actor";
import type { Answer, Given } from "./command";
import { parsed, secretFromStdin } from "./input";
import { columns, time } from "./print";

/** `pod add`: adds the pod whether or not it answers now, and says which. */
export async function addPodNamed({ words, option, isOn, now }: Given): Promise<Answer> {
  const [name, baseUrl] = words;
  const apiKey = isOn("key-stdin") ? await secretFromStdin("--key-stdin") : undefined;
  const fields = { name, baseUrl, apiKey, hourlyUsd: option("hourly-usd") };
  const typedAs = { name: "NAME", baseUrl: "URL", apiKey: "The key", hourlyUsd: "--hourly-usd" };
  const input = parsed(addPodSchema, fields, typedAs);
  const { podId } = await addPod(operator(), input, now);
  const found = await testPodConnection({ baseUrl: input.baseUrl, apiKey: input.apiKey ?? null });
  const connection = found.ok
    ? `It answers within ${found.roundTripMs} ms and serves ${found.models.join(", ") || "no model"}.`
    : `It can't be used yet: ${found.sentence} ${found.nextStep}`;
  return {
    json: { id: podId, name: input.name, baseUrl: input.baseUrl, connection: found },
    text: `${input.name} is added.\n${connection}`,
  };
}

/** `pod list`. */
export async function podList(): Promise<Answer> {
  const pods = await listPods(operator());
  const rows = pods.map((pod) => [
    pod.name,
    pod.baseUrl,
    stateOf(pod),
    time(pod.lastSeenAt, "never"),
    pod.hourlyMicroUsd === null ? "" : `$${usdText(pod.hourlyMicroUsd)}`,
    pod.models.join(", "),
    pod.id,
  ]);
  const table = columns(["NAME", "ADDRESS", "STATE", "LAST SEEN", "AN HOUR", "MODELS", "ID"], rows);
  const advice = pods.flatMap(({ name, stateReason }) =>
    stateReason === null ? [] : [`${name}: ${explain(stateReason).sentence} ${explain(stateReason).nextStep}`],
  );
  return { json: pods.map(listed), text: [table, ...advice].join("\n") };
}

function listed({ id, name, baseUrl, hasKey, state, stateReason, stateSince, models, hourlyMicroUsd, ...pod }: PodRow) {
  const { weight, maxInFlight, lastSeenAt, pausedAt, createdAt } = pod;
  const settings = { hasKey, hourlyMicroUsd, weight, maxInFlight, simulated: pod.simulatedAt !== null };
  return { id, name, baseUrl, state, stateReason, stateSince, models, ...settings, lastSeenAt, pausedAt, createdAt };
}

function stateOf({ state, pausedAt, simulatedAt }: PodRow) {
  const words = [state.replaceAll("_", " "), pausedAt && "paused", simulatedAt && "simulated"];
  return words.filter((word) => word !== null).join(", ");
}
