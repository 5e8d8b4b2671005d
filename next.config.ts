import type { NextConfig } from "next";
import { hashOfSources } from "./scripts/sources.mjs";

// The same sources give the same id on every replica, so a page of one is served by the assets of another.
const buildId = hashOfSources("next").slice(0, 16);

const config: NextConfig = {
  output: "standalone",
  // A lockfile in a folder above would otherwise nest the output and widen what is read.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  generateBuildId: () => buildId,
  deploymentId: buildId,
  poweredByHeader: false,
  productionBrowserSourceMaps: false,
  reactStrictMode: true,
  agentRules: false,
  // The image optimiser fetches what it is told to and carries native code: nothing here needs it.
  images: { unoptimized: true },
  // Native code, worker threads and connection pools stay packages of Node's own.
  serverExternalPackages: ["pg", "@node-rs/argon2", "pino", "undici", "ioredis", "prom-client", "mailer"],
  // Types are a step of `npm run check`; a start should not wait for them.
  typescript: { ignoreBuildErrors: true },
};

export default config;
