/** For programs that are not ours: enough to run, and no secret of ours. */
export const PLAIN_ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
  NODE_ENV: "production",
} as const satisfies NodeJS.ProcessEnv;

/** What a child process of ours gets: our environment, with what the supervisor made or found. */
export function childEnvironment(additions: Record<string, string | undefined>): NodeJS.ProcessEnv {
  // biome-ignore lint/style/noProcessEnv: a child's environment is made from ours; `lib/env` reads it there
  return { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...additions };
}
