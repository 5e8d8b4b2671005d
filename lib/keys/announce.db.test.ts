import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";

// The epoch is one row for everybody, and other files raise it too.
const { db } = await import("../db");
const { announceKeyChange } = await import("./announce");

type Notice = { epoch: number; keyIds: string[] | null };

const listener = new pg.Client({ connectionString: process.env.DATABASE_URL });
const heard: Notice[] = [];

beforeAll(async () => {
  listener.on("notification", ({ payload = "" }) => heard.push(JSON.parse(payload)));
  await listener.connect();
  await listener.query("LISTEN podpass_keys");
});
beforeEach(() => {
  heard.length = 0;
});
afterAll(async () => {
  await listener.end();
});

const announce = (keyIds: string[] | "all") => db.$transaction((tx) => announceKeyChange(tx, keyIds));
const noted = () => db.keyChange.findMany({ orderBy: { epoch: "desc" }, take: 1 }).then(([last]) => last);
const settled = (count: number) => vi.waitFor(() => expect(heard).toHaveLength(count), 30_000);

test("a change raises the epoch, is noted and heard, with the keys it concerns", async () => {
  const [first, second] = [randomUUID(), randomUUID()];
  await announce([first, second, first]);
  await settled(1);
  const { epoch } = await db.keyEpoch.findUniqueOrThrow({ where: { id: 1 } });
  expect(heard).toEqual([{ epoch: Number(epoch), keyIds: [first, second] }]);
  expect(await noted()).toMatchObject({ epoch, keyIds: [first, second], allKeys: false });
});

test("a change of all keys, or of very many, names none in its notice", async () => {
  await announce("all");
  const many = Array.from({ length: 1_000 }, () => randomUUID());
  await announce(many);
  await settled(2);
  expect(heard.map(({ keyIds }) => keyIds)).toEqual([null, null]);
  expect((await noted())?.keyIds).toEqual(many);
});

test("nothing is heard of a change that is not committed, nor of none at all", async () => {
  const before = await db.keyEpoch.findUniqueOrThrow({ where: { id: 1 } });
  const failing = db.$transaction(async (tx) => {
    await announceKeyChange(tx, [randomUUID()]);
    throw new Error("changed my mind");
  });
  await expect(failing).rejects.toThrow("changed my mind");
  await announce([]);
  expect(await db.keyEpoch.findUniqueOrThrow({ where: { id: 1 } })).toEqual(before);
  await announce("all");
  await settled(1);
});

test("changes at the same moment get epochs of their own, heard in order", async () => {
  await Promise.all(Array.from({ length: 20 }, () => announce([randomUUID()])));
  await settled(20);
  const epochs = heard.map(({ epoch }) => epoch);
  expect(epochs).toEqual([...new Set(epochs)].sort((left, right) => left - right));
});

test("old entries are trimmed", async () => {
  await db.keyEpoch.update({ where: { id: 1 }, data: { epoch: { increment: 20_000 } } });
  await announce("all");
  expect(await db.keyChange.count()).toBe(1);
});
