/** Somebody's calls on a pod right now, by key. */
export type Running = {
  keyId: string;
  keyName: string;
  memberName: string;
  count: number;
  /** When the oldest of them began. */
  since: Date;
};

type OpenRequest = { keyId: string; keyName: string; memberName: string; at: Date };

/** Requests that have not ended, put together by key: most first, then the one that runs longest. */
export function runningByKey(open: readonly OpenRequest[]): Running[] {
  const byKey = new Map<string, Running>();
  for (const { keyId, keyName, memberName, at } of open) {
    const known = byKey.get(keyId);
    const since = known && known.since < at ? known.since : at;
    byKey.set(keyId, { keyId, keyName, memberName, count: (known?.count ?? 0) + 1, since });
  }
  return [...byKey.values()].toSorted((a, b) => b.count - a.count || a.since.getTime() - b.since.getTime());
}
