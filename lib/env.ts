import { z } from "zod";
import { isNetworkName } from "./client-address";

const webAddress = z.url({ protocol: /^https?$/, error: "must be an http:// or https:// address" });
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);
const port = z.coerce.number({ error: "must be a port" }).int().min(1).max(65_535);

/** 32 bytes or more, written in hex or base64. Placeholders and short strings stop the start. */
const rootSecret = z
  .string()
  .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, "must be hex or base64")
  .refine((text) => !/change|example|placeholder|password|secret/i.test(text), "is a placeholder")
  .transform((text) => Buffer.from(text, /^(?:[0-9a-f]{2})+$/i.test(text) ? "hex" : "base64"))
  .refine((bytes) => bytes.length >= 32, "needs at least 32 random bytes, in hex or base64 (openssl rand -hex 32)")
  .refine((bytes) => new Set(bytes).size >= 12, "does not look random; make one with: openssl rand -hex 32");

const provider = z.string().trim().min(1);

const schema = z.object({
  NODE_ENV: z.string().default("development"),
  PORT: port.default(3000),
  HOST: z.string().default("127.0.0.1"),
  PUBLIC_URL: webAddress.optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// address" }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "must be a redis:// address" }).optional(),
  VLLM_BASE_URL: webAddress.optional(),
  VLLM_API_KEY: z.string().optional(),
  PODPASS_SECRET: rootSecret.optional(),
  PODPASS_DATA_DIR: z.string().default("./data"),
  ADMIN_EMAIL: z.email("must be an e-mail address").optional(),
  ADMIN_PASSWORD: z.string().min(12, "needs at least 12 characters").optional(),
  AUTH_GITHUB_ID: provider.optional(),
  AUTH_GITHUB_SECRET: provider.optional(),
  AUTH_GOOGLE_ID: provider.optional(),
  AUTH_GOOGLE_SECRET: provider.optional(),
  AUTH_OIDC_ISSUER: webAddress.optional(),
  AUTH_OIDC_ID: provider.optional(),
  AUTH_OIDC_SECRET: provider.optional(),
  TRUSTED_PROXIES: list
    .refine((entries) => entries.every(isNetworkName), "must be addresses, networks (10.0.0.0/8), loopback or private")
    .default([]),
  METRICS_TOKEN: z.string().min(16, "needs at least 16 characters").optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress.optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: "must be an smtp:// address" }).optional(),
  WEB_CONCURRENCY: z.coerce.number({ error: "must be a number" }).int().min(1).max(64).default(1),
  /** How long a stop waits for streams that still run. */
  PODPASS_DRAIN_SECONDS: z.coerce.number({ error: "must be a number of seconds" }).int().min(0).max(3_600).default(60),
  /** Set by server.ts for its own children; not for people. In Next's process PORT is Next's own. */
  PODPASS_FRONT_PORT: port.optional(),
  PODPASS_SETUP_CODE: z.string().optional(),
  PODPASS_INTERNAL_TOKEN: z.string().optional(),
});

const COMPLETE_TOGETHER = [
  ["AUTH_GITHUB_ID", "AUTH_GITHUB_SECRET"],
  ["AUTH_GOOGLE_ID", "AUTH_GOOGLE_SECRET"],
  ["AUTH_OIDC_ISSUER", "AUTH_OIDC_ID", "AUTH_OIDC_SECRET"],
  ["ADMIN_EMAIL", "ADMIN_PASSWORD"],
] as const;

/** What is there by halves. Looked for apart from the shapes, or one wrong port would hide it. */
function incomplete(given: Record<string, string | undefined>) {
  const problems: string[] = [];
  for (const names of COMPLETE_TOGETHER) {
    const missing = names.filter((name) => given[name] === undefined);
    if (missing.length === names.length) continue;
    for (const name of missing) problems.push(`${name}: is needed together with ${names.join(", ")}`);
  }
  if (given.VLLM_API_KEY !== undefined && given.VLLM_BASE_URL === undefined) {
    problems.push("VLLM_BASE_URL: is needed together with VLLM_API_KEY");
  }
  return problems;
}

/** Names the variables at fault and never their values. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}

/** Every problem at once, by name and never by value. A variable left empty counts as not set. */
export function parseEnv(source: Record<string, string | undefined>) {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== "" && value !== undefined));
  const { success, data, error } = schema.safeParse(given);
  const misshapen = success ? [] : error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  const problems = [...new Set([...misshapen, ...incomplete(given)])];
  if (!success || problems.length > 0) {
    throw new EnvironmentError(`Podpass cannot start with this environment:\n  ${problems.join("\n  ")}`);
  }
  const publicUrl = (data.PUBLIC_URL ?? `http://localhost:${data.PODPASS_FRONT_PORT ?? data.PORT}`).replace(/\/+$/, "");
  return {
    ...data,
    PUBLIC_URL: publicUrl,
    /** False when nobody chose an address: then any loopback name reaches this instance. */
    isPublicUrlChosen: data.PUBLIC_URL !== undefined,
    /** `VLLM_BASE_URL` is taken with or without a trailing `/v1`. */
    VLLM_BASE_URL: data.VLLM_BASE_URL?.replace(/\/+$/, "").replace(/\/v1$/, ""),
  };
}

export type Env = ReturnType<typeof parseEnv>;

/** The only reading of `process.env` in the product. */
export const env = parseEnv(process.env);
