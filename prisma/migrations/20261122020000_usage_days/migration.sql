-- Whole days of a time zone, summed up from the rollups once they are over: what makes a year as quick to read as a week.

-- Zones that somebody looks at, and when they last did.
CREATE TABLE "usage_zones" (
    "zone" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_zones_pkey" PRIMARY KEY ("zone")
);

-- A day of a zone. Its sums hold while the row stays and built_at is set: whoever changes a rollup of the day deletes the row.
CREATE TABLE "usage_day_spans" (
    "zone" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3) NOT NULL,
    "announced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "built_at" TIMESTAMPTZ(3),

    CONSTRAINT "usage_day_spans_pkey" PRIMARY KEY ("zone","starts_at")
);

CREATE TABLE "usage_days" (
    "zone" TEXT NOT NULL,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "key_id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "pod_id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "completed" INTEGER NOT NULL DEFAULT 0,
    "client_closed" INTEGER NOT NULL DEFAULT 0,
    "upstream_error" INTEGER NOT NULL DEFAULT 0,
    "timeout" INTEGER NOT NULL DEFAULT 0,
    "rejected" INTEGER NOT NULL DEFAULT 0,
    "lost" INTEGER NOT NULL DEFAULT 0,
    "estimated" INTEGER NOT NULL DEFAULT 0,
    "unknown" INTEGER NOT NULL DEFAULT 0,
    "prompt_tokens" BIGINT NOT NULL DEFAULT 0,
    "cached_tokens" BIGINT NOT NULL DEFAULT 0,
    "completion_tokens" BIGINT NOT NULL DEFAULT 0,
    "ttft" BIGINT[],
    "duration" BIGINT[],

    CONSTRAINT "usage_days_pkey" PRIMARY KEY ("zone","starts_at","key_id","member_id","pod_id","model")
);

-- A changed rollup finds the days it belongs to; of days that are over, so usually none.
CREATE INDEX "usage_day_spans_ends_at_idx" ON "usage_day_spans"("ends_at");

-- The request log narrowed to one model or one outcome stays instant among ten million rows.
CREATE INDEX "usage_events_model_at_idx" ON "usage_events" ("model", "at" DESC);
CREATE INDEX "usage_events_troubled" ON "usage_events" ("outcome", "at" DESC) WHERE "outcome" NOT IN ('open', 'completed');
