import type { Db } from "../db";

/** Beyond this many the notification names none: a payload must stay under 8,000 bytes. */
const MOST_NAMED = 100;

/** How many changes are remembered by name. Whoever missed more takes it that every key changed. */
const REMEMBERED = 10_000;

/**
 * Tells every replica that keys changed: raises the epoch, notes which keys, and notifies the channel `podpass_keys` with
 * `{"epoch", "keyIds"}` (null: any key). All of it is part of the caller's transaction and takes effect with its commit.
 * Call it last: the epoch's row stays locked until then, which makes epochs appear in the order of commits.
 */
export async function announceKeyChange(tx: Db, keyIds: readonly string[] | "all"): Promise<void> {
  const all = keyIds === "all";
  const changed = all ? [] : [...new Set(keyIds)];
  if (!all && changed.length === 0) return;
  const named = all || changed.length > MOST_NAMED ? null : JSON.stringify(changed);
  await tx.$queryRaw`
    WITH raised AS (
      UPDATE key_epochs SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch
    ), noted AS (
      INSERT INTO key_changes (epoch, key_ids, all_keys, at)
      SELECT epoch, ${changed}::uuid[], ${all}, clock_timestamp() FROM raised RETURNING epoch
    ), trimmed AS (
      DELETE FROM key_changes USING raised WHERE key_changes.epoch <= raised.epoch - ${REMEMBERED}::int
    )
    SELECT pg_notify('podpass_keys', json_build_object('epoch', epoch, 'keyIds', ${named}::json)::text)::text FROM noted`;
}
