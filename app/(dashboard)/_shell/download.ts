/** Headers of a file to keep, which no cache on the way keeps. */
export function download(file: string, type: string) {
  return {
    "content-type": type,
    "content-disposition": `attachment; filename="${file}"`,
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
  };
}

/** A body that is asked for piece by piece, and stops being made when nobody asks any more. */
export function streamOf(pieces: AsyncGenerator<string>) {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

/** An address's query as pages get it: text, or a list where a name appears more than once. */
export function addressOf(request: Request): Record<string, string | string[] | undefined> {
  const query = new URL(request.url).searchParams;
  const one = (values: string[]) => (values.length === 1 ? values[0] : values);
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, one(query.getAll(name))]));
}
