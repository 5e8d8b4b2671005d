import { type EditPower, editPowerSchema, hooksSchema } from "@/lib/pods/power/schema";
import { sleepPod, wakePod } from "@/lib/pods/power/switch";
import { operator } from "./actor";
import { type Answer, CommandError, type Given } from "./command";
import { parsed, secretFromStdin } from "./input";
import { podCalled } from "./pod-called";

/** What `pod edit` was told of waking and stopping; null: nothing. Hooks hold tokens, so they never stand in a command line. */
export async function powerGiven(
  podId: string,
  option: Given["option"],
  isOn: Given["isOn"],
): Promise<EditPower | null> {
  const minutes = option("stop-after");
  const rules = { wakeWhenCalled: option("wake-when-called"), stopAfterMinutes: minutes === "none" ? "" : minutes };
  const hooks = isOn("hooks-stdin") ? hooksIn(await secretFromStdin("--hooks-stdin")) : {};
  if (!isOn("hooks-stdin") && Object.values(rules).every((value) => value === undefined)) return null;
  const typedAs = { wakeWhenCalled: "--wake-when-called", stopAfterMinutes: "--stop-after" };
  return { ...parsed(editPowerSchema, { podId, ...rules }, typedAs), ...hooks };
}

/** `pod wake`. */
export async function wakePodNamed({ words, now }: Given): Promise<Answer> {
  const { id, name } = await podCalled(words);
  await wakePod(operator(), id, now);
  return { json: { id, name }, text: `${name} is being woken. Its model takes minutes to load.` };
}

/** `pod sleep`. */
export async function sleepPodNamed({ words, now }: Given): Promise<Answer> {
  const { id, name } = await podCalled(words);
  await sleepPod(operator(), id, now);
  return { json: { id, name }, text: `${name} is put to sleep.` };
}

function hooksIn(text: string) {
  let typed: unknown;
  try {
    typed = JSON.parse(text);
  } catch {
    // What was typed holds a token: no message repeats it.
    throw new CommandError("--hooks-stdin: this is no JSON.");
  }
  if (typed === null || typeof typed !== "object" || Array.isArray(typed)) {
    throw new CommandError("--hooks-stdin: give an object with start and stop.");
  }
  return parsed(hooksSchema, typed as Record<string, unknown>, { start: "The start hook", stop: "The stop hook" });
}
