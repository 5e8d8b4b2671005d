-- What a token cost the team lately, in micro-dollars: what is reserved for a call whose cost nobody knows yet.
ALTER TABLE "cost_refreshes" ADD COLUMN "micro_usd_per_token" DOUBLE PRECISION NOT NULL DEFAULT 0;
