-- Networks a key was used from, so that a use from a new one is noticed. An IPv4 address counts by /24, an IPv6 address by /48.
CREATE TABLE "key_networks" (
    "key_id" UUID NOT NULL,
    "network" TEXT NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "key_networks_pkey" PRIMARY KEY ("key_id","network")
);

-- Keys that were in use before begin with what is known of them.
INSERT INTO "key_networks" ("key_id", "network", "first_seen_at", "last_seen_at")
SELECT "api_key_id", text(network(set_masklen("last_used_ip"::inet, CASE family("last_used_ip"::inet) WHEN 4 THEN 24 ELSE 48 END))),
    min("last_used_at"), max("last_used_at")
FROM "api_key_secrets"
WHERE "last_used_ip" ~ '^[0-9a-f:.]{2,}$' AND "last_used_at" IS NOT NULL
GROUP BY 1, 2;

-- What a gateway process says of the limits it keeps; null: nothing is wrong.
ALTER TABLE "replicas" ADD COLUMN "limits_trouble" TEXT;
