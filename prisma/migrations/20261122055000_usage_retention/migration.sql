-- CreateTable
CREATE TABLE "usage_retentions" (
    "id" SMALLINT NOT NULL DEFAULT 1,
    "kept_from" TIMESTAMPTZ(3),
    "moved_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_retentions_pkey" PRIMARY KEY ("id")
);

ALTER TABLE "usage_retentions" ADD CONSTRAINT "usage_retentions_one_row" CHECK ("id" = 1);
INSERT INTO "usage_retentions" ("id") VALUES (1);
