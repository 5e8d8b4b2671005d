import { expect, test } from "vitest";
import { db } from "@/lib/db";
import { makeMember } from "@/test/fixtures/members";
import { chooseTheme } from "./profile";

test("a theme is kept on its member, with one row of history for each change", async () => {
  const { id, actor } = await makeMember("MEMBER");
  const now = new Date("2026-11-22T12:00:00Z");
  for (const theme of ["dark", "dark", "system"]) await chooseTheme(actor, { theme }, now);
  expect(await db.user.findUniqueOrThrow({ where: { id }, select: { theme: true } })).toEqual({ theme: "system" });
  const rows = await db.auditEvent.findMany({ where: { targetId: id }, orderBy: { id: "asc" } });
  expect(rows.map(({ before, after }) => [before, after])).toEqual([
    [{ theme: null }, { theme: "dark" }],
    [{ theme: "dark" }, { theme: "system" }],
  ]);
});
