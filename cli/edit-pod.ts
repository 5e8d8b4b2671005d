import { editPod, pausePod, removePod, replacePodKey, resumePod } from "@/lib/pods/mutations";
import { editPower } from "@/lib/pods/power/mutations";
import { type PodRow, storedPodKey } from "@/lib/pods/queries";
import { editPodSchema, replacePodKeySchema } from "@/lib/pods/schema";
import { testPodConnection } from "@/lib/pods/test-connection";
import { operator } from "./actor";
import { type Answer, CommandError, type Given } from "./command";
import { parsed, secretFromStdin } from "./input";
import { inWords, SETTINGS_TYPED_AS, settingsGiven } from "./pod";
import { podCalled } from "./pod-called";
import { powerGiven } from "./power-pod";

/** `pod edit`. */
export async function editPodNamed({ words, option, isOn, now }: Given): Promise<Answer> {
  const pod = await podCalled(words);
  const power = await powerGiven(pod.id, option, isOn);
  const given = { name: option("name"), baseUrl: option("url"), ...settingsGiven(option) };
  if (power === null && Object.values(given).every((value) => value === undefined)) {
    throw new CommandError("Name what to change. See: podpass pod edit --help");
  }
  const fields = { ...given, podId: pod.id, name: given.name ?? pod.name, baseUrl: given.baseUrl ?? pod.baseUrl };
  const input = parsed(editPodSchema, fields, { name: "--name", baseUrl: "--url", ...SETTINGS_TYPED_AS });
  if (power !== null) await editPower(operator(), power, now);
  const { keyDropped } = await editPod(operator(), input, now);
  const dropped = keyDropped
    ? `\nIts key belonged to the address before and is gone. Store one: pod key ${input.name}`
    : "";
  return { json: { id: pod.id, name: input.name, keyDropped }, text: `${input.name} is changed.${dropped}` };
}

/** `pod key`. */
export async function replaceKeyOf({ words, now }: Given): Promise<Answer> {
  const pod = await podCalled(words);
  const fields = { podId: pod.id, apiKey: await secretFromStdin("pod key") };
  await replacePodKey(operator(), parsed(replacePodKeySchema, fields, { apiKey: "The key" }), now);
  const connection = await connectionTo(pod);
  return {
    json: { id: pod.id, name: pod.name, connection },
    text: `${pod.name} has another key.\n${inWords(connection)}`,
  };
}

/** `pod test`: ends with 1 where the pod can't be used. */
export async function testPodNamed({ words }: Given): Promise<Answer> {
  const pod = await podCalled(words);
  const connection = await connectionTo(pod);
  return {
    json: { id: pod.id, name: pod.name, connection },
    text: inWords(connection),
    ...(!connection.ok && { failure: `${pod.name} can't be used.` }),
  };
}

/** `pod pause`. */
export async function pausePodNamed({ words, now }: Given): Promise<Answer> {
  const pod = await podCalled(words);
  await pausePod(operator(), { podId: pod.id }, now);
  return { json: { id: pod.id, name: pod.name }, text: `${pod.name} is paused. Requests that run on it finish.` };
}

/** `pod resume`. */
export async function resumePodNamed({ words, now }: Given): Promise<Answer> {
  const pod = await podCalled(words);
  await resumePod(operator(), { podId: pod.id }, now);
  return { json: { id: pod.id, name: pod.name }, text: `${pod.name} gets requests again.` };
}

/** `pod remove`. */
export async function removePodNamed({ words, now }: Given): Promise<Answer> {
  const pod = await podCalled(words);
  await removePod(operator(), { podId: pod.id }, now);
  return { json: { id: pod.id, name: pod.name }, text: `${pod.name} is removed. Its usage and history stay.` };
}

async function connectionTo({ id }: PodRow) {
  return testPodConnection(await storedPodKey(id));
}
