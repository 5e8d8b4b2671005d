import { cache } from "react";
import { podStates } from "@/lib/pods/queries";
import { standingOf } from "./pod-standing";

/** What the pods amount to right now, read once a request. */
export const readStanding = cache(async () => standingOf(await podStates(new Date())));
