import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/prisma/client";
import { postgres, postgresPatience } from "./postgres";

function makeClient() {
  const { connectMs, queryMs } = postgresPatience();
  // Hashes never leave the database by accident: a query that wants one has to say so.
  return new PrismaClient({
    adapter: new PrismaPg(postgres()),
    transactionOptions: { maxWait: connectMs, timeout: queryMs },
    omit: {
      apiKeySecret: { hash: true },
      user: { passwordHash: true },
      pod: { sealedKey: true, previousSealedKey: true },
    },
  });
}

const shared = globalThis as typeof globalThis & { podpassDb?: ReturnType<typeof makeClient> };

function client() {
  shared.podpassDb ??= makeClient();
  return shared.podpassDb;
}

/** The process's one Prisma client, made at first use: `next build` loads modules without a database. */
export const db = new Proxy({} as ReturnType<typeof makeClient>, {
  get: (_, property) => Reflect.get(client(), property),
});

/** What a function takes that works inside a transaction as well as outside. */
export type Db = Omit<
  ReturnType<typeof makeClient>,
  "$connect" | "$disconnect" | "$on" | "$use" | "$extends" | "$transaction"
>;
