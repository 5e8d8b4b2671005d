import { randomBytes } from "node:crypto";
import { test as base, expect, type Page } from "@playwright/test";
import { OWNER, type PodpassServer, runCli, startPodpass } from "./podpass-server";

export { expect, OWNER };

export type TestMember = { email: string; password: string; role: "owner" | "admin" | "member" };
export type TestKey = { id: string; secret: string; hint: string };

type Fixtures = {
  /** Makes a member who has never been here before. */
  addMember: (role?: TestMember["role"]) => Promise<TestMember>;
  /** Signs `page` in through the form, as a new member or as one who is given. */
  signIn: (member?: TestMember | "owner") => Promise<TestMember>;
  /** A key of a member, with its secret; options are those of `key issue`, without their dashes. */
  issueKey: (member: TestMember, options?: { name?: string } & Record<string, string>) => Promise<TestKey>;
  /** Any command of the CLI on the run's database. */
  podpass: (args: string[], input?: string) => Promise<unknown>;
  /** Another Podpass, empty, for specs about the first start. It ends with the test. */
  startFresh: (env?: Record<string, string>) => Promise<PodpassServer>;
};

const dataDir = () => process.env.PODPASS_E2E_DATA_DIR ?? "";

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from the pattern
  baseURL: async ({}, use) => use(process.env.PODPASS_E2E_URL),

  // biome-ignore lint/correctness/noEmptyPattern: see above
  podpass: async ({}, use) => use((args, input) => runCli(dataDir(), args, input)),

  addMember: async ({ podpass }, use) =>
    use(async (role = "member") => {
      const member = {
        email: `${randomBytes(6).toString("hex")}@example.com`,
        password: randomBytes(12).toString("hex"),
        role,
      };
      await podpass(["member", "add", member.email, "--role", role, "--password-stdin"], `${member.password}\n`);
      return member;
    }),

  signIn: async ({ page, addMember }, use) =>
    use(async (who) => {
      const member: TestMember = who === "owner" ? { ...OWNER, role: "owner" } : (who ?? (await addMember()));
      await signInOn(page, member);
      return member;
    }),

  issueKey: async ({ podpass }, use) =>
    use(async (member, { name = "test key", ...options } = {}) => {
      const flags = Object.entries(options).flatMap(([flag, value]) => [`--${flag}`, value]);
      return (await podpass(["key", "issue", "--member", member.email, "--name", name, ...flags])) as TestKey;
    }),

  // biome-ignore lint/correctness/noEmptyPattern: see above
  startFresh: async ({}, use) => {
    const started: PodpassServer[] = [];
    await use(async (env) => {
      const server = await startPodpass({ env });
      started.push(server);
      return server;
    });
    await Promise.all(started.map((server) => server.dispose()));
  },
});

/** Fills the sign-in form and waits for the page behind it. */
export async function signInOn(page: Page, { email, password }: Pick<TestMember, "email" | "password">) {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** Keeps the pages' scripts away, as a slow line does, until the function it gives back is called. */
export async function holdScripts(page: Page): Promise<() => void> {
  let letCome: () => void = () => undefined;
  const coming = new Promise<void>((resolve) => {
    letCome = resolve;
  });
  await page.route(/\/_next\/static\/.+\.js/, async (route) => {
    await coming;
    await route.continue();
  });
  return letCome;
}
