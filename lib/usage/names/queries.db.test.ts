import { afterAll, expect, test } from "vitest";
import { addMember, addPod } from "@/test/usage/team";
import { closePostgres, postgres } from "../../postgres";
import { filterNames } from "./queries";

afterAll(closePostgres);

test("a filter's ids have names for those who may know them, and for nobody else", async () => {
  const [own, other] = [await addMember(postgres()), await addMember(postgres())];
  const podId = await addPod(postgres());
  const filters = {
    keyIds: [own.keyIds[0], other.keyIds[0], "nonsense"],
    memberIds: [own.id, other.id],
    podIds: [podId],
  };
  const ids = (names: { id: string }[]) => names.map(({ id }) => id).sort();
  const seen = await filterNames(own.actor, filters);
  expect(ids(seen.keys)).toEqual([own.keyIds[0]]);
  expect(ids(seen.members)).toEqual([own.id]);
  expect(ids(seen.pods)).toEqual([podId]);
  const all = await filterNames({ ...own.actor, role: "ADMIN" }, filters);
  expect(ids(all.keys)).toEqual([own.keyIds[0], other.keyIds[0]].sort());
  expect(ids(all.members)).toEqual([own.id, other.id].sort());
});
