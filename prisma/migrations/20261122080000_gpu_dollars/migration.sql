-- What each pod's hours cost, and who is charged for them.

-- What tokens weigh against each other, in thousandths, when a pod's hour is shared out.
ALTER TABLE "policies"
  ADD COLUMN "prompt_weight" INTEGER NOT NULL DEFAULT 1000,
  ADD COLUMN "cached_weight" INTEGER NOT NULL DEFAULT 100,
  ADD COLUMN "completion_weight" INTEGER NOT NULL DEFAULT 4000,
  ADD CONSTRAINT "policies_token_weights" CHECK ("prompt_weight" BETWEEN 0 AND 1000000 AND "cached_weight" BETWEEN 0 AND 1000000
    AND "completion_weight" BETWEEN 0 AND 1000000 AND "prompt_weight" + "completion_weight" > 0);

-- Since when which weights hold: an hour is shared out by those that held when it began.
CREATE TABLE "token_weights" (
    "since" TIMESTAMPTZ(3) NOT NULL,
    "prompt" INTEGER NOT NULL,
    "cached" INTEGER NOT NULL,
    "completion" INTEGER NOT NULL,

    CONSTRAINT "token_weights_pkey" PRIMARY KEY ("since")
);
INSERT INTO "token_weights" VALUES ('1970-01-01T00:00:00Z', 1000, 100, 4000);

CREATE FUNCTION "keep_token_weights"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO token_weights VALUES (clock_timestamp(), NEW.prompt_weight, NEW.cached_weight, NEW.completion_weight)
  ON CONFLICT (since) DO UPDATE SET prompt = excluded.prompt, cached = excluded.cached, completion = excluded.completion;
  RETURN NULL;
END $$;
CREATE TRIGGER "policies_token_weights" AFTER UPDATE OF "prompt_weight", "cached_weight", "completion_weight" ON "policies" FOR EACH ROW
  WHEN ((OLD."prompt_weight", OLD."cached_weight", OLD."completion_weight") IS DISTINCT FROM (NEW."prompt_weight", NEW."cached_weight", NEW."completion_weight"))
  EXECUTE FUNCTION "keep_token_weights"();

-- When a pod cost how much: a span without an end holds now. Time that is in no span costs nothing.
CREATE TABLE "pod_rates" (
    "pod_id" UUID NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3),
    "hourly_micro_usd" BIGINT NOT NULL,

    CONSTRAINT "pod_rates_pkey" PRIMARY KEY ("pod_id","since"),
    CONSTRAINT "pod_rates_span" CHECK ("until" > "since" AND "hourly_micro_usd" > 0)
);
CREATE UNIQUE INDEX "pod_rates_now" ON "pod_rates" ("pod_id") WHERE "until" IS NULL;

-- In the database, because whoever changes a pod's price or state must leave a trace of it.
CREATE FUNCTION "keep_pod_rate"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moment timestamptz(3) := CASE TG_OP WHEN 'INSERT' THEN least(NEW.created_at, clock_timestamp()) ELSE clock_timestamp() END;
  rate bigint := CASE WHEN NEW.removed_at IS NULL AND NEW.paused_at IS NULL AND NEW.state NOT IN ('asleep', 'stopped')
    THEN nullif(NEW.hourly_micro_usd, 0) END;
  running pod_rates;
BEGIN
  SELECT * INTO running FROM pod_rates WHERE pod_id = NEW.id AND until IS NULL;
  IF running.hourly_micro_usd IS NOT DISTINCT FROM rate THEN RETURN NULL; END IF;
  DELETE FROM pod_rates WHERE pod_id = NEW.id AND until IS NULL AND since >= moment;
  UPDATE pod_rates SET until = moment WHERE pod_id = NEW.id AND until IS NULL;
  IF rate IS NOT NULL THEN INSERT INTO pod_rates VALUES (NEW.id, moment, NULL, rate); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "pods_rate" AFTER INSERT OR UPDATE OF "hourly_micro_usd", "paused_at", "removed_at", "state" ON "pods"
  FOR EACH ROW EXECUTE FUNCTION "keep_pod_rate"();

-- Pods that are there already: as if their price had held since they were added.
INSERT INTO "pod_rates"
SELECT "id", "created_at", "ended_at", "hourly_micro_usd"
FROM (SELECT "id", "created_at", "hourly_micro_usd", least("paused_at", "removed_at") AS "ended_at" FROM "pods") AS "known"
WHERE "hourly_micro_usd" > 0 AND ("ended_at" IS NULL OR "ended_at" > "created_at");

-- An hour (UTC) whose split is final: while the row stays and built_at is set. Whoever changes an event of the hour deletes it.
CREATE TABLE "cost_hours" (
    "hour_at" TIMESTAMPTZ(3) NOT NULL,
    "announced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "built_at" TIMESTAMPTZ(3),

    CONSTRAINT "cost_hours_pkey" PRIMARY KEY ("hour_at")
);

-- A pod's hour: what it cost, and how long something ran.
CREATE TABLE "pod_hours" (
    "pod_id" UUID NOT NULL,
    "hour_at" TIMESTAMPTZ(3) NOT NULL,
    "bill_micro_usd" BIGINT NOT NULL,
    "idle_micro_usd" BIGINT NOT NULL,
    "billed_ms" INTEGER NOT NULL,
    "busy_ms" INTEGER NOT NULL,

    CONSTRAINT "pod_hours_pkey" PRIMARY KEY ("pod_id","hour_at")
);
CREATE INDEX "pod_hours_hour_at_idx" ON "pod_hours"("hour_at");

-- The bills shared out. Key and member are all zeros where the pod was idle; then the amount is in idle_micro_usd.
CREATE TABLE "usage_costs" (
    "hour_at" TIMESTAMPTZ(3) NOT NULL,
    "key_id" UUID NOT NULL,
    "member_id" UUID NOT NULL,
    "pod_id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "gpu_micro_usd" BIGINT NOT NULL DEFAULT 0,
    "idle_micro_usd" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "usage_costs_pkey" PRIMARY KEY ("hour_at","key_id","member_id","pod_id","model")
);
CREATE INDEX "usage_costs_key_id_hour_at_idx" ON "usage_costs"("key_id", "hour_at");
CREATE INDEX "usage_costs_member_id_hour_at_idx" ON "usage_costs"("member_id", "hour_at");

ALTER TABLE "usage_days"
  ADD COLUMN "gpu_micro_usd" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "idle_micro_usd" BIGINT NOT NULL DEFAULT 0;

-- When the running hour was last shared out: one row, id 1.
CREATE TABLE "cost_refreshes" (
    "id" SMALLINT NOT NULL DEFAULT 1,
    "refreshed_at" TIMESTAMPTZ(3),

    CONSTRAINT "cost_refreshes_pkey" PRIMARY KEY ("id")
);
INSERT INTO "cost_refreshes" VALUES (1, NULL);

-- Calls that reach into the next hour are few; this finds them without reading the hours before.
CREATE INDEX "usage_events_long" ON "usage_events" ("at") WHERE "duration_ms" > 900000;

-- The pod's own counters of tokens, as last read.
CREATE TABLE "pod_counters" (
    "pod_id" UUID NOT NULL,
    "base_url" TEXT NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,
    "first_at" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3),
    "prompt_tokens" BIGINT NOT NULL DEFAULT 0,
    "completion_tokens" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "pod_counters_pkey" PRIMARY KEY ("pod_id")
);

-- By how much they rose in an hour, over the pod's restarts.
CREATE TABLE "pod_counter_hours" (
    "pod_id" UUID NOT NULL,
    "hour_at" TIMESTAMPTZ(3) NOT NULL,
    "prompt_tokens" BIGINT NOT NULL DEFAULT 0,
    "completion_tokens" BIGINT NOT NULL DEFAULT 0,
    "restarts" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "pod_counter_hours_pkey" PRIMARY KEY ("pod_id","hour_at")
);
