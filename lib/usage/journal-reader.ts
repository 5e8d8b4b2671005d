import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { isSegmentName, segmentName, segmentNumber } from "./journal-line";

/** A place in a journal: the byte after what was read. */
export type Position = { segment: number; offset: number };

/** Lines are far shorter; a chunk without any line end is no journal. */
const CHUNK_BYTES = 256 * 1024;

/** The numbers of a directory's segments, oldest first. */
export function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .filter(isSegmentName)
    .map(segmentNumber)
    .sort((a, b) => a - b);
}

/**
 * The next whole lines of a segment from `offset`, without their line ends: some hundreds at a time, none at its end.
 * What a crash left without a line end is not a line. A segment that is gone has none left: who removed it had committed it.
 */
export function readLines(directory: string, { segment, offset }: Position): { lines: string[]; next: number } {
  const file = openIfThere(join(directory, segmentName(segment)));
  if (file === null) return { lines: [], next: offset };
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const filled = chunk.subarray(0, readSync(file, chunk, 0, CHUNK_BYTES, offset));
    const end = filled.lastIndexOf(0x0a) + 1;
    if (end === 0) {
      // Damage: a whole chunk without a line end is stepped over. A short rest is the torn last line.
      return { lines: [], next: filled.length === CHUNK_BYTES ? offset + CHUNK_BYTES : offset };
    }
    return { lines: filled.toString("utf8", 0, end - 1).split("\n"), next: offset + end };
  } finally {
    closeSync(file);
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
