import { OWNER, startPodpass } from "../../e2e/podpass-server";

/** One Podpass for the whole run, with an owner, on the simulated pod. Specs make members of their own in it. */
export default async function setup() {
  const server = await startPodpass({ env: { ADMIN_EMAIL: OWNER.email, ADMIN_PASSWORD: OWNER.password } });
  process.env.PODPASS_E2E_URL = server.url;
  process.env.PODPASS_E2E_DATA_DIR = server.dataDir;
  return () => server.dispose();
}
