-- A removed pod stays for its history; its name is free again.
DROP INDEX "pods_name_key";
CREATE UNIQUE INDEX "pods_name_key" ON "pods" ("name") WHERE "removed_at" IS NULL;
