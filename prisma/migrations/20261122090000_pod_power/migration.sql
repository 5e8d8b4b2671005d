-- Waking pods and putting them to sleep.

CREATE TABLE "pod_powers" (
    "pod_id" UUID NOT NULL,
    "sealed_start" BYTEA,
    "start_host" TEXT,
    "sealed_stop" BYTEA,
    "stop_host" TEXT,
    "wake_when_called_at" TIMESTAMPTZ(3),
    "stop_after_minutes" INTEGER,
    "stop_after_since" TIMESTAMPTZ(3),
    "used_at" TIMESTAMPTZ(3),
    "checked_at" TIMESTAMPTZ(3),
    "awake_until" TIMESTAMPTZ(3),
    "warned_at" TIMESTAMPTZ(3),
    "called" TEXT,
    "called_at" TIMESTAMPTZ(3),
    "result" TEXT,
    "result_status" INTEGER,

    CONSTRAINT "pod_powers_pkey" PRIMARY KEY ("pod_id"),
    CONSTRAINT "pod_powers_called" CHECK ("called" IN ('start', 'stop') AND ("called" IS NULL) = ("called_at" IS NULL)),
    CONSTRAINT "pod_powers_minutes" CHECK ("stop_after_minutes" BETWEEN 5 AND 10080)
);

-- When a pod slept, and what it would have cost meanwhile; null where it had no price.
CREATE TABLE "pod_naps" (
    "pod_id" UUID NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3),
    "hourly_micro_usd" BIGINT,

    CONSTRAINT "pod_naps_pkey" PRIMARY KEY ("pod_id","since"),
    CONSTRAINT "pod_naps_span" CHECK ("until" > "since")
);
CREATE UNIQUE INDEX "pod_naps_now" ON "pod_naps" ("pod_id") WHERE "until" IS NULL;

-- In the database, as the bills are: whoever changes a pod's state or price leaves a trace of it.
CREATE FUNCTION "keep_pod_nap"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moment timestamptz(3) := clock_timestamp();
  sleeps boolean := NEW.removed_at IS NULL AND NEW.paused_at IS NULL AND NEW.state = 'asleep';
  running pod_naps;
BEGIN
  SELECT * INTO running FROM pod_naps WHERE pod_id = NEW.id AND until IS NULL;
  IF FOUND = sleeps AND (NOT sleeps OR running.hourly_micro_usd IS NOT DISTINCT FROM NEW.hourly_micro_usd) THEN RETURN NULL; END IF;
  DELETE FROM pod_naps WHERE pod_id = NEW.id AND until IS NULL AND since >= moment;
  UPDATE pod_naps SET until = moment WHERE pod_id = NEW.id AND until IS NULL;
  IF sleeps THEN INSERT INTO pod_naps VALUES (NEW.id, moment, NULL, NEW.hourly_micro_usd); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "pods_nap" AFTER INSERT OR UPDATE OF "hourly_micro_usd", "paused_at", "removed_at", "state" ON "pods"
  FOR EACH ROW EXECUTE FUNCTION "keep_pod_nap"();
