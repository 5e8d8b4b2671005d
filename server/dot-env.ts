import { isMissing } from "./data-dir";
import { StartError } from "./start-error";

/**
 * Reads `.env` in the repository's folder, if there is one, for every program that a person starts; what is set already stays.
 * Here and not by Next, whose process would then know variables that the others don't. `PODPASS_DOTENV=off` leaves it alone, as tests do.
 */
export function loadDotEnv() {
  // biome-ignore lint/style/noProcessEnv: before `lib/env` can be read
  if (process.env.PODPASS_DOTENV === "off") return;
  try {
    process.loadEnvFile(new URL("../.env", import.meta.url));
  } catch (error) {
    if (!isMissing(error)) throw new StartError(".env cannot be read.");
  }
}
