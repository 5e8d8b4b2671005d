/**
 * Writes a batch, and where the database refuses its content halves it until the one bad row is found, so that it can't
 * hold up the others. That row goes to `refuse`; every other failure is thrown.
 */
export async function writeOrDivide<Row>(
  rows: Row[],
  write: (rows: Row[]) => Promise<unknown>,
  refuse: (row: Row, cause: unknown) => void,
): Promise<void> {
  try {
    await write(rows);
  } catch (error) {
    if (!isAboutContent(error)) throw error;
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) return refuse(only, error);
    const half = rows.length >> 1;
    await writeOrDivide(rows.slice(0, half), write, refuse);
    await writeOrDivide(rows.slice(half), write, refuse);
  }
}

/** PostgreSQL's classes 22 (data exception) and 23 (integrity constraint violation): trying again can't help. */
function isAboutContent(error: unknown) {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^2[23]/.test(error.code);
}
