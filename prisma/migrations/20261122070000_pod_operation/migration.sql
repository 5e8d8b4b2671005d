-- AlterTable
ALTER TABLE "pods" ADD COLUMN     "behind_proxy_at" TIMESTAMPTZ(3),
ADD COLUMN     "gauges_at" TIMESTAMPTZ(3),
ADD COLUMN     "hold_seconds" INTEGER,
ADD COLUMN     "key_changed_at" TIMESTAMPTZ(3),
ADD COLUMN     "kv_cache_usage" DOUBLE PRECISION,
ADD COLUMN     "previous_sealed_key" BYTEA,
ADD COLUMN     "requests_running" INTEGER,
ADD COLUMN     "requests_waiting" INTEGER,
ADD COLUMN     "tokens_seen_at" TIMESTAMPTZ(3);

-- AddConstraint: a request waits at most ten minutes for a pod that is loading.
ALTER TABLE "pods" ADD CONSTRAINT "pods_hold_seconds_check" CHECK ("hold_seconds" BETWEEN 0 AND 600);
