/** An address's query as pages get it. */
export type Address = Record<string, string | string[] | undefined>;

/** Reads a query. What is empty, or given twice where once is meant, counts as not given. */
export function readAddress(address: Address) {
  const text = (name: string) => {
    const value = address[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return {
    text,
    /** Every value of a name that may appear more than once. */
    all: (name: string) => [address[name] ?? []].flat().filter((value) => value !== ""),
    moment(name: string) {
      const at = new Date(text(name) ?? "");
      return Number.isNaN(at.getTime()) ? undefined : at;
    },
    /** One of a few words. */
    oneOf: <Word extends string>(name: string, words: readonly Word[]) => words.find((word) => word === text(name)),
  };
}

/** The zone that times are shown in: the one asked for, if it is among those offered, else the viewer's own. */
export function zoneIn(address: Address, zones: readonly string[]): string {
  return readAddress(address).oneOf("tz", zones) ?? zones[0] ?? "UTC";
}
