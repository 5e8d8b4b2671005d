import type { OpenGateway } from "@/lib/gateway/open-gateway";
import { limitsTrouble, TROUBLE_WORDS } from "@/lib/limits/standing";

/** The gateway asks the database every second; beyond this it refuses callers, whatever a fresh connection would say. */
const LONGEST_SILENCE_MS = 6_000;

/** Why the gateway can let nobody in, although the database answers others. */
export function gatewayReasons({
  sinceAnswerMs,
  isTimeTrusted,
}: Pick<ReturnType<OpenGateway["stats"]>["changes"], "sinceAnswerMs" | "isTimeTrusted">): string[] {
  if (sinceAnswerMs > LONGEST_SILENCE_MS) return ["the gateway's own connection to the database does not answer"];
  return isTimeTrusted ? [] : ["the gateway is not sure of the database's time"];
}

/** What is wrong with a gateway that goes on answering: sending its calls elsewhere would help nobody. */
export function gatewayWarnings({ limits }: Pick<ReturnType<OpenGateway["stats"]>, "limits">): string[] {
  const trouble = limitsTrouble(limits);
  return trouble === null ? [] : [TROUBLE_WORDS[trouble]];
}
