import type { FilterNames, Named } from "@/lib/usage/names/queries";
import type { Chip } from "./filters";

type Filters = {
  keyIds: readonly string[];
  memberIds: readonly string[];
  podIds: readonly string[];
  models: readonly string[];
};

/** A view's filters by their names. An id without a name is somebody else's, or nobody's: that can't be told apart. */
export function chipsOf({ keyIds, memberIds, podIds, models }: Filters, names: FilterNames): Chip[] {
  const chip = (param: string, of: readonly Named[]) => (id: string) => ({
    param,
    value: id,
    kind: param,
    name: of.find((each) => each.id === id)?.name ?? "unknown",
  });
  return [
    ...keyIds.map(chip("key", names.keys)),
    ...memberIds.map(chip("member", names.members)),
    ...podIds.map(chip("pod", names.pods)),
    ...models.map((model) => ({ param: "model", value: model, kind: "model", name: model })),
  ];
}
