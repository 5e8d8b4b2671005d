import { expect, test } from "vitest";
import { greetingOf } from "./greeting";

const facts = {
  publicUrl: "http://localhost:3000",
  dataDir: "/srv/data",
  databaseFolder: "/srv/data/postgres",
  isPodSimulated: true,
  setupCode: "code",
};

test("a first start says where to go, what is simulated, where data lives and how to become the owner", () => {
  expect(greetingOf(facts)).toBe(`Podpass is running at http://localhost:3000
  Pod       simulated: answers are made up. Add your own under Pods, or set VLLM_BASE_URL and VLLM_API_KEY
  Data      /srv/data (with the embedded PostgreSQL)
  Set up    http://localhost:3000/setup?code=code  (until there is an owner)
`);
});

test("a configured one says no more than it has to", () => {
  expect(greetingOf({ ...facts, isPodSimulated: false, setupCode: null, databaseFolder: null })).toBe(
    "Podpass is running at http://localhost:3000\n  Data      /srv/data (usage journal; the database is at DATABASE_URL)\n",
  );
});

test("a database that had to go elsewhere is named", () => {
  expect(greetingOf({ ...facts, databaseFolder: "/var/lib/podpass/data-1/postgres" })).toContain(
    "/srv/data, and the embedded PostgreSQL in /var/lib/podpass/data-1/postgres",
  );
});
