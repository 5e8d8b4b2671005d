import { counted, exact, money } from "@/app/_ui/figures";
import { left } from "@/app/_ui/moments";

type Event = { action: string; before: unknown; after: unknown };

const FIELDS: Record<string, string> = {
  rpm: "requests a minute",
  tpm: "tokens a minute",
  concurrency: "requests in parallel",
  monthlyTokens: "tokens a month",
  monthlyMicroUsd: "GPU dollars a month",
  models: "models",
  cidrs: "networks",
  rotateEveryDays: "days between rotations",
  expiresAt: "its end",
};

const factsOf = (json: unknown) => (json && typeof json === "object" ? (json as Record<string, unknown>) : {});

/** What happened to a key, as the end of a sentence that began with who did it. */
export function keyEventWords({ action, before, after }: Event): string {
  const was = factsOf(before);
  const is = factsOf(after);
  switch (action) {
    case "key.create":
      return "created it";
    case "key.rotate":
      return Number(is.graceMs) > 0
        ? `rotated it, ${left(Number(is.graceMs))} of grace`
        : "rotated it, the old secret stopped at once";
    case "key.end_outgoing":
      return "ended the old secret";
    case "key.revoke":
      return "revoked it";
    case "key.disable":
      return "disabled it";
    case "key.enable":
      return "enabled it";
    case "key.rename":
      return `renamed it, ${was.name} to ${is.name}`;
    case "key.remind":
      return is.kind === "expiry"
        ? `mailed its member, ${counted(Number(is.daysBefore), "day")} before its end`
        : `mailed its member, ${counted(Number(is.daysBefore), "day")} before its rotation`;
    case "key.limits":
      return `changed ${Object.keys(is)
        .map((name) => `${FIELDS[name] ?? name}, ${shown(name, was[name])} to ${shown(name, is[name])}`)
        .join("; ")}`;
    case "key.new_network":
      return `saw it used from a new network, ${[is.networks].flat().join(", ")}`;
    case "key.unusual_rate":
      return `saw ${exact(Number(is.requests))} requests in an hour, usually ${exact(Number(is.usual))}`;
    case "key.report":
      return `revoked it: somebody reported ${is.hint} as leaked`;
    case "key.report_ended":
      return `was told that ${is.hint} leaked, which had ended`;
    default:
      return action.replace(/^key\./, "").replaceAll("_", " ");
  }
}

function shown(name: string, value: unknown): string {
  if (value === null || value === undefined) return name === "expiresAt" ? "never" : "no limit";
  if (Array.isArray(value)) return value.length === 0 ? "all" : value.join(", ");
  if (name === "monthlyMicroUsd") return money(Number(value));
  if (typeof value === "number") return exact(value);
  return name === "expiresAt" ? String(value).slice(0, 10) : String(value);
}
