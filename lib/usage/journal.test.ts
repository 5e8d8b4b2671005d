import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createJournal } from "./journal";
import { readLines } from "./journal-reader";

const replicaId = "019d0000-0000-7000-8000-000000000000";
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "podpass-journal-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Options = Partial<Parameters<typeof createJournal<string>>[0]>;

function journalOf(options: Options = {}) {
  const written: [items: string[], segment: number][] = [];
  const failed: string[][] = [];
  const journal = createJournal<string>({
    directory: join(root, replicaId),
    replicaId,
    onWritten: (items, { segment }) => written.push([items, segment]),
    onFailed: (items) => failed.push(items),
    onRecovered: () => undefined,
    ...options,
  });
  return { journal, written, failed };
}

const segments = () => readdirSync(join(root, replicaId)).filter((name) => name.endsWith(".jsonl"));

test("lines of one tick are one write, and a caller hears when it is made", async () => {
  const write = vi.fn((file: number, text: Uint8Array) => writeSync(file, text));
  const { journal, written } = journalOf({ write });
  for (const name of ["a", "b", "c"]) journal.append(`"${name}"\n`, name);
  await journal.written();
  expect(written).toEqual([[["a", "b", "c"], 1]]);
  expect(write).toHaveBeenCalledTimes(2); // the segment's header, and the three
  journal.close();
});

test("a segment goes once it is full and all its lines are released, never before", async () => {
  const { journal } = journalOf({ segmentBytes: 200 });
  for (let n = 0; n < 4; n += 1) {
    journal.append(`"${"x".repeat(150)}"\n`, "line");
    journal.flush();
  }
  expect(segments()).toHaveLength(4);
  journal.release(2);
  await vi.waitFor(() => expect(segments()).toEqual(["00000001.jsonl", "00000003.jsonl", "00000004.jsonl"]), 30_000);
  for (const number of [1, 3, 4]) journal.release(number);
  await vi.waitFor(() => expect(segments()).toEqual([]), 30_000);
  expect(journal.bytes()).toBe(0);
  journal.close();
});

test("lines are read back in order, across segments, each with its own", () => {
  const { journal } = journalOf({ segmentBytes: 120 });
  for (const name of ["a", "b", "c", "d"]) {
    journal.append(`"${name.repeat(40)}"\n`, name);
    journal.flush();
  }
  const read: [string, number][] = [];
  let position = { segment: 1, offset: 0 };
  for (;;) {
    const { lines, segment, next } = journal.read(position);
    if (lines.length === 0 && next.segment === position.segment && next.offset === position.offset) break;
    for (const line of lines) read.push([JSON.parse(line)[0], segment]);
    position = next;
  }
  expect(read.map(([line]) => line)).toEqual(["a", "b", "c", "d"]);
  expect(position).toEqual(journal.end());
  journal.close();
});

test("a disk that fills up half way keeps nothing of the write, and refuses until there is room", async () => {
  let isFull = false;
  const onRecovered = vi.fn();
  const { journal, failed } = journalOf({
    onRecovered,
    write: (file, text) => {
      if (!isFull) return writeSync(file, text);
      return writeSync(file, text.subarray(0, 3)); // a short write, as a full disk makes it
    },
  });
  journal.append('"kept"\n', "kept");
  await journal.written();
  isFull = true;
  journal.append('"refused"\n', "refused");
  await expect(journal.written()).rejects.toMatchObject({ code: "usage_unavailable" });
  expect(failed).toEqual([["refused"]]);
  expect(journal.canOpen()).toBe(false);
  expect(
    readFileSync(join(root, replicaId, "00000001.jsonl"), "utf8")
      .split("\n")
      .slice(1),
  ).toEqual(['"kept"', ""]);
  isFull = false;
  await vi.waitFor(() => expect(onRecovered).toHaveBeenCalledOnce(), 30_000);
  expect(journal.canOpen()).toBe(true);
  journal.close();
});

test("a directory that can't be made refuses, and throws nowhere", async () => {
  appendFileSync(join(root, "file"), "");
  const { journal } = journalOf({ directory: join(root, "file", "journal") });
  journal.append('"a"\n', "a");
  await expect(journal.written()).rejects.toMatchObject({ code: "usage_unavailable" });
  expect(journal.canOpen()).toBe(false);
  journal.close();
});

test("beyond its bound a journal takes no opens, and does again once lines are released", async () => {
  const { journal } = journalOf({ maxBytes: 300 });
  journal.append(`"${"x".repeat(300)}"\n`, "line");
  await journal.written();
  expect(journal.canOpen()).toBe(false);
  journal.release(1);
  expect(journal.canOpen()).toBe(true);
  journal.close();
});

test("a torn last line is no line", async () => {
  const { journal } = journalOf();
  journal.append('"whole"\n', "whole");
  await journal.written();
  appendFileSync(join(root, replicaId, "00000001.jsonl"), '"to');
  expect(readLines(join(root, replicaId), { segment: 1, offset: 0 }).lines.slice(1)).toEqual(['"whole"']);
  journal.close();
});

test("closing leaves what is not released, and removes what is", async () => {
  const { journal } = journalOf();
  journal.append('"a"\n', "a");
  await journal.written();
  journal.close();
  expect(segments()).toEqual(["00000001.jsonl"]);
  const other = journalOf({ directory: join(root, "other") });
  other.journal.append('"a"\n', "a");
  await other.journal.written();
  other.journal.release(1);
  other.journal.close();
  expect(readdirSync(root)).toEqual([replicaId]);
});
