import { podBills } from "@/lib/costs/queries";
import { usdText } from "@/lib/micro-usd";
import { type ConnectionResult, explain } from "@/lib/pods/connection";
import { reconcilePods } from "@/lib/pods/counters/queries";
import { addPod } from "@/lib/pods/mutations";
import { podPowers } from "@/lib/pods/power/queries";
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
  const fields = { name, baseUrl, apiKey, ...settingsGiven(option) };
  const input = parsed(addPodSchema, fields, { name: "NAME", baseUrl: "URL", apiKey: "The key", ...SETTINGS_TYPED_AS });
  const { podId } = await addPod(operator(), input, now);
  const found = await testPodConnection({ baseUrl: input.baseUrl, apiKey: input.apiKey ?? null });
  return {
    json: { id: podId, name: input.name, baseUrl: input.baseUrl, connection: found },
    text: `${input.name} is added.\n${inWords(found)}`,
  };
}

export const SETTINGS_TYPED_AS = {
  hourlyUsd: "--hourly-usd",
  weight: "--weight",
  maxInFlight: "--max-in-flight",
  holdSeconds: "--hold-seconds",
  behindProxy: "--behind-proxy",
};

/** The settings as they were typed; `none` takes one away. */
export function settingsGiven(option: Given["option"]) {
  const typed = (name: string) => (option(name) === "none" ? "" : option(name));
  return {
    hourlyUsd: typed("hourly-usd"),
    weight: option("weight"),
    maxInFlight: typed("max-in-flight"),
    holdSeconds: typed("hold-seconds"),
    behindProxy: option("behind-proxy"),
  };
}

/** What a test of a connection found. */
export function inWords(found: ConnectionResult) {
  if (!found.ok) return `It can't be used yet: ${found.sentence} ${found.nextStep}`;
  const before = found.takesKeyBefore ? " It takes the key before, not the present one; both are tried." : "";
  return `It answers within ${found.roundTripMs} ms and serves ${found.models.join(", ") || "no model"}.${before}`;
}

/** `pod list`. */
export async function podList({ now }: Given): Promise<Answer> {
  const monthAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  // One after the other: a command needs no connections beyond one.
  const pods = await listPods(operator());
  const bills = await podBills(operator(), monthAt);
  const counters = await reconcilePods(operator());
  const powers = await podPowers(operator(), monthAt, now);
  const rows = pods.map((pod) => [
    pod.name,
    pod.baseUrl,
    stateOf(pod),
    time(pod.lastSeenAt, "never"),
    load(pod),
    pod.hourlyMicroUsd === null ? "" : `$${usdText(pod.hourlyMicroUsd)}`,
    inCents(bills.get(pod.id)?.billMicroUsd),
    String(pod.weight),
    pod.maxInFlight === null ? "" : String(pod.maxInFlight),
    pod.models.join(", "),
    pod.id,
  ]);
  const table = columns(
    ["NAME", "ADDRESS", "STATE", "LAST SEEN", "LOAD", "AN HOUR", "THIS MONTH", "WEIGHT", "MOST", "MODELS", "ID"],
    rows,
  );
  const advice = pods.flatMap(({ name, stateReason }) =>
    stateReason === null ? [] : [`${name}: ${explain(stateReason).sentence} ${explain(stateReason).nextStep}`],
  );
  const json = pods.map((pod) => ({
    ...listed(pod),
    month: bills.get(pod.id) ?? null,
    counters: counters.get(pod.id) ?? null,
    power: powers.get(pod.id) ?? null,
  }));
  return { json, text: [table, ...advice].join("\n") };
}

function listed({ id, name, baseUrl, hasKey, state, stateReason, stateSince, models, hourlyMicroUsd, ...pod }: PodRow) {
  const { weight, maxInFlight, lastSeenAt, pausedAt, createdAt } = pod;
  const settings = {
    hasKey,
    triesBothKeys: pod.triesBothKeys,
    hourlyMicroUsd,
    weight,
    maxInFlight,
    holdSeconds: pod.holdSeconds ?? 0,
    behindProxy: pod.behindProxyAt !== null,
    simulated: pod.simulatedAt !== null,
  };
  const { requestsRunning: running, requestsWaiting: waiting, kvCacheUsage, gaugesAt } = pod;
  const gauges = gaugesAt === null ? null : { at: gaugesAt, running, waiting, kvCacheUsage };
  const seen = { state, stateReason, stateSince, models, gauges };
  return { id, name, baseUrl, ...seen, ...settings, lastSeenAt, pausedAt, createdAt };
}

function inCents(microUsd: number | undefined) {
  return microUsd === undefined ? "" : `$${(microUsd / 1_000_000).toFixed(2)}`;
}

/** `3 running, 1 waiting`, as vLLM tells it while it serves. */
function load({ state, gaugesAt, requestsRunning, requestsWaiting }: PodRow) {
  return gaugesAt === null || state !== "serving"
    ? ""
    : `${requestsRunning ?? 0} running, ${requestsWaiting ?? 0} waiting`;
}

function stateOf({ state, pausedAt, simulatedAt }: PodRow) {
  const words = [state.replaceAll("_", " "), pausedAt && "paused", simulatedAt && "simulated"];
  return words.filter((word) => word !== null).join(", ");
}
