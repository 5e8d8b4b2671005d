-- CreateTable
CREATE TABLE "key_reminders" (
    "key_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "days_before" SMALLINT NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "retry_at" TIMESTAMPTZ(3),

    CONSTRAINT "key_reminders_pkey" PRIMARY KEY ("key_id","kind","due_at","days_before")
);

-- CreateIndex
CREATE INDEX "key_reminders_due_at_idx" ON "key_reminders"("due_at");

-- AddForeignKey
ALTER TABLE "key_reminders" ADD CONSTRAINT "key_reminders_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;
