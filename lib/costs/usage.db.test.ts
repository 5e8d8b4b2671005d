import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { setRate, settleCosts } from "@/test/costs/settle";
import { randomEvent } from "@/test/usage/random-event";
import { sumUpWithin } from "@/test/usage/sum-up";
import { addMember, addPod } from "@/test/usage/team";
import { closePostgres, postgres } from "../postgres";
import { type ExportBy, exportRows } from "../usage/exports/queries";
import { writeEvents } from "../usage/mutations";
import { usageSeries, usageTable, usageTotals } from "../usage/queries";
import { podBills } from "./queries";

afterAll(closePostgres);

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const start = Math.floor(Date.now() / DAY - 6) * DAY;
const range = { from: new Date(start), to: new Date(start + 4 * DAY) };

test("totals, series, table and exports hold the same dollars, whatever they are told apart by and wherever they are read from", async () => {
  const [member, other, admin] = await Promise.all([
    addMember(postgres()),
    addMember(postgres()),
    addMember(postgres(), "ADMIN"),
  ]);
  const podId = await addPod(postgres());
  await setRate(postgres(), podId, 1_234_567, start + 5 * HOUR, start + 3 * DAY);
  const events = Array.from({ length: 300 }, (_, n) =>
    randomEvent({
      atMs: start + 5 * HOUR + n * 13 * 60_000,
      podId,
      memberId: n % 3 === 0 ? other.id : member.id,
      keyId: n % 3 === 0 ? other.keyIds[0] : member.keyIds[n % 2],
      model: n % 5 === 0 ? "a" : "b",
    }),
  );
  await writeEvents(postgres(), randomUUID(), events);
  await settleCosts(postgres());

  const bill = (await podBills(admin.actor, range.from)).get(podId);
  expect(bill?.billMicroUsd).toBe(67 * 1_234_567); // 67 whole hours
  const filters = { podIds: [podId] };
  const check = async () => {
    const { gpuMicroUsd, idleMicroUsd } = await usageTotals(admin.actor, { ...range, filters });
    expect(idleMicroUsd).toBe(bill?.idleMicroUsd);
    expect(gpuMicroUsd + idleMicroUsd).toBe(bill?.billMicroUsd);
    for (const groupBy of ["member", "key", "model", "pod"] as const) {
      const { rows, totals } = await usageTable(admin.actor, { ...range, filters, groupBy });
      expect(
        rows.reduce((sum, row) => sum + row.gpuMicroUsd, 0),
        groupBy,
      ).toBe(gpuMicroUsd);
      expect(rows.every((row) => row.requests > 0 && row.idleMicroUsd === 0)).toBe(true);
      expect(totals).toMatchObject({ gpuMicroUsd, idleMicroUsd });
      for (const bucket of ["hour", "day"] as const) {
        const timeZone = "Asia/Kathmandu";
        const { groups } = await usageSeries(admin.actor, {
          ...range,
          filters,
          groupBy,
          bucket,
          timeZone,
          rankBy: "money",
        });
        expect(
          groups.reduce((sum, group) => sum + group.total.gpuMicroUsd, 0),
          `${groupBy} ${bucket}`,
        ).toBe(gpuMicroUsd);
      }
    }
    const exported = async (by: ExportBy) => {
      const rows = [];
      for await (const row of exportRows(admin.actor, { ...range, filters, by })) rows.push(row);
      return rows;
    };
    const sum = (rows: Awaited<ReturnType<typeof exported>>, name: string) =>
      rows.reduce((all, row) => all + Number(row[name] ?? 0), 0);
    for (const by of ["key", "member", "model", "hour", "day"] as const) {
      expect(sum(await exported(by), "gpuMicroUsd"), by).toBe(gpuMicroUsd);
    }
    for (const by of ["hour", "day"] as const) expect(sum(await exported(by), "idleMicroUsd")).toBe(idleMicroUsd);
    return gpuMicroUsd;
  };
  const fromHours = await check();
  await sumUpWithin(postgres(), ["Asia/Kathmandu"], range);
  expect(await check(), "from the sums of days").toBe(fromHours);

  // A member sees their own shares, and nobody's idle time.
  const own = await usageTotals(member.actor, range);
  expect(own.idleMicroUsd).toBe(0);
  expect(own.gpuMicroUsd).toBeGreaterThan(0);
  expect(own.gpuMicroUsd).toBeLessThan(fromHours);
  expect(own.gpuMicroUsd + (await usageTotals(other.actor, range)).gpuMicroUsd).toBe(fromHours);
  await expect(podBills(member.actor, range.from)).rejects.toMatchObject({ code: "forbidden" });
});

test("a pod's price, pause, sleep and removal leave their traces", async () => {
  const podId = await addPod(postgres());
  const rates = async () =>
    (
      await postgres().query<{ rate: number; open: boolean }>(
        `SELECT hourly_micro_usd AS rate, until IS NULL AS open FROM pod_rates WHERE pod_id = $1 ORDER BY since`,
        [podId],
      )
    ).rows.map(({ rate, open }) => `${rate}${open ? " now" : ""}`);
  const set = async (column: string, value: unknown) => {
    await postgres().query("SELECT pg_sleep(0.005)");
    await postgres().query(`UPDATE pods SET ${column} = $2 WHERE id = $1`, [podId, value]);
  };
  expect(await rates()).toEqual([]);
  await set("hourly_micro_usd", 780_000);
  await set("weight", 2);
  await set("hourly_micro_usd", 900_000);
  expect(await rates()).toEqual(["780000", "900000 now"]);
  await set("paused_at", new Date());
  expect(await rates()).toEqual(["780000", "900000"]);
  await set("paused_at", null);
  await set("state", "asleep");
  await set("state", "serving");
  await set("removed_at", new Date());
  expect(await rates()).toEqual(["780000", "900000", "900000", "900000"]);
});
