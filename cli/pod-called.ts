import { AppError } from "@/lib/errors";
import { listPods, type PodRow } from "@/lib/pods/queries";
import { operator } from "./actor";

/** The pod of this name or id. Throws `not_found`. */
export async function podCalled([named]: readonly string[]): Promise<PodRow> {
  const pod = (await listPods(operator())).find(({ id, name }) => id === named || name === named);
  if (!pod) throw new AppError("not_found", `There is no pod called ${named}. See: podpass pod list`);
  return pod;
}
