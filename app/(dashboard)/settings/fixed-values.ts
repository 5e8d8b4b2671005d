import { env } from "@/lib/env";

export type FixedValue = { name: string; value: string | null };

/** Set or not: what it says is nobody's to read. */
const kept = (value: unknown) => (value === undefined ? null : "set");

/** What was decided where Podpass runs, each with its variable's name. Secrets, and addresses that hold one, only as "set". */
export function fixedValues(): FixedValue[] {
  return [
    { name: "PUBLIC_URL", value: env.isPublicUrlChosen ? env.PUBLIC_URL : null },
    { name: "DATABASE_URL", value: kept(env.DATABASE_URL) },
    { name: "REDIS_URL", value: kept(env.REDIS_URL) },
    { name: "PODPASS_SECRET", value: kept(env.PODPASS_SECRET) },
    { name: "VLLM_BASE_URL", value: kept(env.VLLM_BASE_URL) },
    { name: "SMTP_URL", value: kept(env.SMTP_URL) },
    { name: "AUTH_GITHUB_ID", value: kept(env.AUTH_GITHUB_ID) },
    { name: "AUTH_GOOGLE_ID", value: kept(env.AUTH_GOOGLE_ID) },
    { name: "AUTH_OIDC_ISSUER", value: env.AUTH_OIDC_ISSUER ?? null },
    { name: "TRUSTED_PROXIES", value: env.TRUSTED_PROXIES.join(", ") || null },
    { name: "METRICS_TOKEN", value: kept(env.METRICS_TOKEN) },
    { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: kept(env.OTEL_EXPORTER_OTLP_ENDPOINT) },
    { name: "LOG_LEVEL", value: env.LOG_LEVEL },
    { name: "WEB_CONCURRENCY", value: String(env.WEB_CONCURRENCY) },
    { name: "PODPASS_DRAIN_SECONDS", value: String(env.PODPASS_DRAIN_SECONDS) },
  ];
}
