export type NetworkUse = { keyId: string; address: string };

/** Of one key between two rounds; a key used from more addresses at once is noticed by the first of them. */
const MOST_ADDRESSES = 64;
const MOST_KEYS = 50_000;

/** Collects from where keys are used. A use from the address of the one before, nearly every one, costs a look into a map. */
export function createNetworkUses() {
  let newest = new Map<string, string>();
  let all = new Map<string, Set<string>>();

  return {
    saw(keyId: string, address: string | null) {
      if (address === null || newest.get(keyId) === address) return;
      if (newest.size >= MOST_KEYS && !newest.has(keyId)) return;
      newest.set(keyId, address);
      const addresses = all.get(keyId);
      if (addresses === undefined) all.set(keyId, new Set([address]));
      else if (addresses.size < MOST_ADDRESSES) addresses.add(address);
    },
    /** Everything seen since the last time. */
    take(): NetworkUse[] {
      const taken = [...all].flatMap(([keyId, addresses]) => [...addresses].map((address) => ({ keyId, address })));
      newest = new Map();
      all = new Map();
      return taken;
    },
  };
}
