-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "role" AS ENUM ('OWNER', 'ADMIN', 'MEMBER');

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" "role" NOT NULL DEFAULT 'MEMBER',
    "password_hash" TEXT,
    "time_zone" TEXT,
    "theme" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "disabled_at" TIMESTAMPTZ(3),
    "last_active_at" TIMESTAMPTZ(3),
    "rpm" INTEGER,
    "tpm" INTEGER,
    "concurrency" INTEGER,
    "monthly_tokens" BIGINT,
    "monthly_micro_usd" BIGINT,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "accounts" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "provider_account_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "ip" TEXT,
    "user_agent" TEXT,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invites" (
    "id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "email" TEXT,
    "role" "role" NOT NULL DEFAULT 'MEMBER',
    "invited_by_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "accepted_by_id" UUID,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "invites_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "password_resets" (
    "id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "user_id" UUID NOT NULL,
    "created_by_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "password_resets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sign_in_throttles" (
    "subject" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "window_started_at" TIMESTAMPTZ(3) NOT NULL,
    "streak" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "sign_in_throttles_pkey" PRIMARY KEY ("subject")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "disabled_at" TIMESTAMPTZ(3),
    "disabled_by_id" UUID,
    "rotate_every_days" INTEGER,
    "rpm" INTEGER,
    "tpm" INTEGER,
    "concurrency" INTEGER,
    "monthly_tokens" BIGINT,
    "monthly_micro_usd" BIGINT,
    "models" TEXT[],
    "cidrs" TEXT[],

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key_secrets" (
    "id" UUID NOT NULL,
    "api_key_id" UUID NOT NULL,
    "hash" BYTEA NOT NULL,
    "pepper_version" SMALLINT NOT NULL,
    "hint" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "last_used_ip" TEXT,

    CONSTRAINT "api_key_secrets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pods" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "base_url" TEXT NOT NULL,
    "sealed_key" BYTEA,
    "hourly_micro_usd" BIGINT,
    "weight" INTEGER NOT NULL DEFAULT 1,
    "max_in_flight" INTEGER,
    "state" TEXT NOT NULL DEFAULT 'unknown',
    "state_since" TIMESTAMPTZ(3),
    "state_reason" TEXT,
    "models" TEXT[],
    "last_seen_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "paused_at" TIMESTAMPTZ(3),
    "removed_at" TIMESTAMPTZ(3),
    "simulated_at" TIMESTAMPTZ(3),
    "patterns_allowed_at" TIMESTAMPTZ(3),
    "remote_media_forbidden_at" TIMESTAMPTZ(3),

    CONSTRAINT "pods_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_events" (
    "request_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "key_id" UUID NOT NULL,
    "secret_id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "pod_id" UUID,
    "model" TEXT,
    "route" TEXT NOT NULL,
    "streamed" BOOLEAN NOT NULL,
    "status" SMALLINT,
    "outcome" TEXT NOT NULL,
    "token_source" TEXT NOT NULL,
    "prompt_tokens" INTEGER NOT NULL DEFAULT 0,
    "cached_tokens" INTEGER NOT NULL DEFAULT 0,
    "completion_tokens" INTEGER NOT NULL DEFAULT 0,
    "queue_ms" INTEGER,
    "ttft_ms" INTEGER,
    "duration_ms" INTEGER,
    "error_code" TEXT,
    "replica_id" UUID NOT NULL,

    CONSTRAINT "usage_events_pkey" PRIMARY KEY ("at","request_id")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "usage_rollups" (
    "bucket_at" TIMESTAMPTZ(3) NOT NULL,
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

    CONSTRAINT "usage_rollups_pkey" PRIMARY KEY ("bucket_at","key_id","member_id","pod_id","model")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_kind" TEXT NOT NULL,
    "actor_id" UUID,
    "action" TEXT NOT NULL,
    "target_kind" TEXT NOT NULL,
    "target_id" UUID,
    "member_id" UUID,
    "before" JSONB,
    "after" JSONB,
    "ip" TEXT,
    "request_id" TEXT,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policies" (
    "id" SMALLINT NOT NULL DEFAULT 1,
    "max_key_days" INTEGER DEFAULT 365,
    "default_key_days" INTEGER DEFAULT 30,
    "max_grace_hours" INTEGER NOT NULL DEFAULT 168,
    "max_keys_per_member" INTEGER NOT NULL DEFAULT 50,
    "rotate_every_days" INTEGER,
    "role_limits" JSONB NOT NULL DEFAULT '{}',
    "email_domains" TEXT[],
    "event_retention_days" INTEGER NOT NULL DEFAULT 90,
    "strict_fields_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policies_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_epochs" (
    "id" SMALLINT NOT NULL DEFAULT 1,
    "epoch" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "key_epochs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "key_changes" (
    "epoch" BIGINT NOT NULL,
    "key_ids" UUID[],
    "all_keys" BOOLEAN NOT NULL DEFAULT false,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "key_changes_pkey" PRIMARY KEY ("epoch")
);

-- CreateTable
CREATE TABLE "replicas" (
    "id" UUID NOT NULL,
    "host" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "heartbeat_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stopped_at" TIMESTAMPTZ(3),

    CONSTRAINT "replicas_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE INDEX "accounts_user_id_idx" ON "accounts"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_provider_provider_account_id_key" ON "accounts"("provider", "provider_account_id");

-- CreateIndex
CREATE INDEX "sessions_user_id_created_at_idx" ON "sessions"("user_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "invites_token_hash_key" ON "invites"("token_hash");

-- CreateIndex
CREATE INDEX "invites_created_at_idx" ON "invites"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "password_resets_token_hash_key" ON "password_resets"("token_hash");

-- CreateIndex
CREATE INDEX "password_resets_user_id_idx" ON "password_resets"("user_id");

-- CreateIndex
CREATE INDEX "api_keys_member_id_created_at_idx" ON "api_keys"("member_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_secrets_hash_key" ON "api_key_secrets"("hash");

-- CreateIndex
CREATE INDEX "api_key_secrets_api_key_id_idx" ON "api_key_secrets"("api_key_id");

-- CreateIndex
CREATE UNIQUE INDEX "pods_name_key" ON "pods"("name");

-- CreateIndex
CREATE INDEX "usage_events_member_id_at_idx" ON "usage_events"("member_id", "at" DESC);

-- CreateIndex
CREATE INDEX "usage_events_key_id_at_idx" ON "usage_events"("key_id", "at" DESC);

-- CreateIndex
CREATE INDEX "usage_rollups_key_id_bucket_at_idx" ON "usage_rollups"("key_id", "bucket_at");

-- CreateIndex
CREATE INDEX "usage_rollups_member_id_bucket_at_idx" ON "usage_rollups"("member_id", "bucket_at");

-- CreateIndex
CREATE INDEX "audit_events_at_idx" ON "audit_events"("at" DESC);

-- CreateIndex
CREATE INDEX "audit_events_target_id_at_idx" ON "audit_events"("target_id", "at" DESC);

-- CreateIndex
CREATE INDEX "audit_events_member_id_at_idx" ON "audit_events"("member_id", "at" DESC);

-- CreateIndex
CREATE INDEX "replicas_heartbeat_at_idx" ON "replicas"("heartbeat_at");

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invites" ADD CONSTRAINT "invites_invited_by_id_fkey" FOREIGN KEY ("invited_by_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "password_resets" ADD CONSTRAINT "password_resets_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key_secrets" ADD CONSTRAINT "api_key_secrets_api_key_id_fkey" FOREIGN KEY ("api_key_id") REFERENCES "api_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

-- At most one current secret a key: the one without an end of its own.
CREATE UNIQUE INDEX "api_key_secrets_one_current" ON "api_key_secrets" ("api_key_id") WHERE "expires_at" IS NULL AND "revoked_at" IS NULL;

-- Rows still open when a replica stops sending heartbeats are found without reading the rest.
CREATE INDEX "usage_events_open" ON "usage_events" ("replica_id", "at") WHERE "outcome" = 'open';

ALTER TABLE "usage_events"
  ADD CONSTRAINT "usage_events_outcome" CHECK ("outcome" IN ('open', 'completed', 'client_closed', 'upstream_error', 'timeout', 'rejected', 'lost')),
  ADD CONSTRAINT "usage_events_token_source" CHECK ("token_source" IN ('measured', 'estimated', 'unknown')),
  ADD CONSTRAINT "usage_events_tokens" CHECK ("prompt_tokens" >= 0 AND "cached_tokens" >= 0 AND "completion_tokens" >= 0);

ALTER TABLE "policies" ADD CONSTRAINT "policies_one_row" CHECK ("id" = 1);
ALTER TABLE "key_epochs" ADD CONSTRAINT "key_epochs_one_row" CHECK ("id" = 1);
INSERT INTO "policies" ("id") VALUES (1);
INSERT INTO "key_epochs" ("id") VALUES (1);

-- A partition a month (UTC). The default one catches what nobody prepared for, so that no event is ever refused.
CREATE TABLE "usage_events_default" PARTITION OF "usage_events" DEFAULT;

CREATE FUNCTION "ensure_usage_partitions"("first" timestamptz, "last" timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  month timestamp := date_trunc('month', "first" AT TIME ZONE 'UTC');
  partition_name text;
BEGIN
  WHILE month <= "last" AT TIME ZONE 'UTC' LOOP
    partition_name := 'usage_events_' || to_char(month, 'YYYY_MM');
    IF to_regclass(partition_name) IS NULL THEN
      BEGIN
        EXECUTE format('CREATE TABLE %I PARTITION OF usage_events FOR VALUES FROM (%L) TO (%L)',
          partition_name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
      EXCEPTION
        -- Another replica was first, or the default partition already holds rows of this month: both are fine.
        WHEN duplicate_table OR check_violation THEN NULL;
      END;
    END IF;
    month := month + interval '1 month';
  END LOOP;
END $$;

SELECT "ensure_usage_partitions"(now() - interval '1 month', now() + interval '3 months');

-- The sum of two sparse histograms (each element is bin * 2^32 + count, sorted by bin).
CREATE FUNCTION "merge_histograms"("a" bigint[], "b" bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg((bin << 32) + amount ORDER BY bin), '{}')
  FROM (SELECT entry >> 32 AS bin, sum(entry & 4294967295)::bigint AS amount FROM unnest("a" || "b") AS entry GROUP BY 1) AS bins
$$;

-- Audit is append-only, also for whoever holds the application's database role.
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_events is append-only';
END $$;
CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE ON "audit_events" FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();
CREATE TRIGGER "audit_events_no_truncate" BEFORE TRUNCATE ON "audit_events" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();
