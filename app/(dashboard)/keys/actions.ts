"use server";

import { revalidatePath } from "next/cache";
import { memberAction } from "@/lib/auth/member-action";
import {
  createKey,
  disableKey,
  enableKey,
  endOutgoingSecret,
  renameKey,
  revokeKey,
  rotateKey,
  updateLimits,
} from "@/lib/keys/mutations";
import {
  createKeySchema,
  endOutgoingSchema,
  keyIdSchema,
  renameKeySchema,
  rotateKeySchema,
  updateLimitsSchema,
} from "@/lib/keys/schema";
import { viewer } from "../_shell/viewer";
import { footprintOf } from "./footprint";

const PAGES = "/(dashboard)/keys";

function refresh() {
  revalidatePath(PAGES, "layout");
}

/** What uses a key right now, for a dialog that is about to end something. */
export const keyFootprintAction = memberAction(keyIdSchema, async (actor, { keyId }, now) => {
  const { zone } = await viewer();
  return footprintOf(actor, keyId, zone, now);
});

export const createAction = memberAction(createKeySchema, async (actor, input, now) => {
  const created = await createKey(actor, input, now);
  refresh();
  return created;
});

export const rotateAction = memberAction(rotateKeySchema, async (actor, input, now) => {
  const rotated = await rotateKey(actor, input, now);
  refresh();
  return rotated;
});

export const revokeAction = memberAction(keyIdSchema, async (actor, input, now) => {
  await revokeKey(actor, input, now);
  refresh();
});

export const disableAction = memberAction(keyIdSchema, async (actor, input, now) => {
  await disableKey(actor, input, now);
  refresh();
});

export const enableAction = memberAction(keyIdSchema, async (actor, input, now) => {
  await enableKey(actor, input, now);
  refresh();
});

export const renameAction = memberAction(renameKeySchema, async (actor, input, now) => {
  await renameKey(actor, input, now);
  refresh();
});

export const endOutgoingAction = memberAction(endOutgoingSchema, async (actor, input, now) => {
  await endOutgoingSecret(actor, input, now);
  refresh();
});

export const updateLimitsAction = memberAction(updateLimitsSchema, async (actor, input, now) => {
  await updateLimits(actor, input, now);
  refresh();
});
