export function findBrowser(): Promise<string | null>;
export function ensureBrowser(say: (text: string) => void): Promise<string | null>;
export const HOW_TO_INSTALL: string;
