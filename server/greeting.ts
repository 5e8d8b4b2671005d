export type Greeting = {
  publicUrl: string;
  dataDir: string;
  isDatabaseEmbedded: boolean;
  isPodSimulated: boolean;
  /** Present until an owner exists. */
  setupCode: string | null;
};

/** The first lines of output: where to go, what is simulated, where data lives, and how to become the owner. */
export function greetingOf({ publicUrl, dataDir, isDatabaseEmbedded, isPodSimulated, setupCode }: Greeting) {
  const lines = [
    `Podpass is running at ${publicUrl}`,
    isPodSimulated
      ? "  Pod       simulated: answers are made up. Add your own under Pods, or set VLLM_BASE_URL and VLLM_API_KEY"
      : null,
    `  Data      ${dataDir}${isDatabaseEmbedded ? " (with the embedded PostgreSQL)" : " (usage journal; the database is yours)"}`,
    setupCode === null ? null : `  Set up    ${publicUrl}/setup?code=${setupCode}  (until there is an owner)`,
  ];
  return `${lines.filter((line) => line !== null).join("\n")}\n`;
}
