"use server";

import { revalidatePath } from "next/cache";
import { adminAction } from "@/lib/auth/member-action";
import { addPod, editPod, pausePod, removePod, replacePodKey, resumePod, testPod } from "@/lib/pods/mutations";
import { editPower, keepAwake } from "@/lib/pods/power/mutations";
import { powerFormSchema } from "@/lib/pods/power/schema";
import { sleepPod, wakePod } from "@/lib/pods/power/switch";
import { addPodSchema, editPodSchema, podIdSchema, replacePodKeySchema, testPodSchema } from "@/lib/pods/schema";

// The sidebar and the banners speak of the pods on every page.
const refresh = () => revalidatePath("/", "layout");

export const addAction = adminAction(addPodSchema, async (actor, input, now) => {
  const added = await addPod(actor, input, now);
  refresh();
  return added;
});

export const editAction = adminAction(editPodSchema, async (actor, input, now) => {
  const edited = await editPod(actor, input, now);
  refresh();
  return edited;
});

export const replaceKeyAction = adminAction(replacePodKeySchema, async (actor, input, now) => {
  await replacePodKey(actor, input, now);
  refresh();
});

export const pauseAction = adminAction(podIdSchema, async (actor, input, now) => {
  await pausePod(actor, input, now);
  refresh();
});

export const resumeAction = adminAction(podIdSchema, async (actor, input, now) => {
  await resumePod(actor, input, now);
  refresh();
});

export const removeAction = adminAction(podIdSchema, async (actor, input, now) => {
  await removePod(actor, input, now);
  refresh();
});

export const testAction = adminAction(testPodSchema, (actor, input) => testPod(actor, input));

export const powerAction = adminAction(powerFormSchema, async (actor, input, now) => {
  await editPower(actor, input, now);
  refresh();
});

export const wakeAction = adminAction(podIdSchema, async (actor, { podId }, now) => {
  await wakePod(actor, podId, now);
  refresh();
});

export const sleepAction = adminAction(podIdSchema, async (actor, { podId }, now) => {
  await sleepPod(actor, podId, now);
  refresh();
});

export const keepAwakeAction = adminAction(podIdSchema, async (actor, { podId }, now) => {
  await keepAwake(actor, podId, now);
  refresh();
});
