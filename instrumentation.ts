/** Run by Next once in each server process, before it answers anything. */
export async function register() {
  // biome-ignore lint/style/noProcessEnv: Next's own name for where this runs, replaced while it is built
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { keepReminding } = await import("@/lib/keys/reminders/job");
  keepReminding();
}
