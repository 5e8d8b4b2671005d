export const root: string;
export function hashOfSources(product: "client" | "bundles" | "next"): string;
