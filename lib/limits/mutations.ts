import { db } from "@/lib/db";
import type { LimitsTrouble } from "./standing";

/** Says what is wrong with a replica's limits. False where the replica has not spoken up yet. */
export async function writeLimitsTrouble(replicaId: string, limitsTrouble: LimitsTrouble | null): Promise<boolean> {
  const { count } = await db.replica.updateMany({ where: { id: replicaId }, data: { limitsTrouble } });
  return count > 0;
}
