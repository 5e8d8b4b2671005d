import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { newNetworkLetter, unusualRateLetter } from "@/lib/mail/key-letters";
import type { Mail, MailResult } from "@/lib/mail/send";
import { forgetNetworks, type KeyAlarm, noteNetworks, noteUnusualRates } from "./mutations";
import { createNetworkUses, type NetworkUse } from "./network-uses";
import { createUsualHours } from "./usual-rates";

const ROUND_MS = 60_000;
const HOUSE_MS = 86_400_000;
const MOST_AT_ONCE = 5_000;
const LAST_LOOK_MS = 1_000;

type Options = {
  log: Pick<Logger, "warn">;
  publicUrl: string;
  /** Null where there is no mail server. */
  sendMail: ((letter: Mail) => Promise<MailResult>) | null;
  roundMs?: number;
};

/** Looks for unusual use of keys once a minute, beside the requests and never on their way. What it finds becomes activity, and mail. */
export function createUseWatch({ log, publicUrl, sendMail, roundMs = ROUND_MS }: Options) {
  const uses = createNetworkUses();
  const usualHours = createUsualHours();
  let running: Promise<void> | null = null;
  let isFailing = false;
  let keptHouseAt = performance.now();

  async function look() {
    const seen = uses.take();
    try {
      const alarms = [...(await noteAll(seen)), ...(await noteUnusualRates(new Date(), usualHours))];
      await Promise.all(alarms.map(tellOwner));
      if (performance.now() - keptHouseAt > HOUSE_MS) {
        await forgetNetworks(new Date());
        keptHouseAt = performance.now();
      }
      isFailing = false;
    } catch (error) {
      for (const { keyId, address } of seen) uses.saw(keyId, address);
      if (!isFailing) log.warn({ err: error }, "unusual use of keys can't be looked for; the next round tries again");
      isFailing = true;
    }
  }

  async function noteAll(seen: readonly NetworkUse[]) {
    const alarms: KeyAlarm[] = [];
    for (let start = 0; start < seen.length; start += MOST_AT_ONCE) {
      alarms.push(...(await noteNetworks(seen.slice(start, start + MOST_AT_ONCE), new Date())));
    }
    return alarms;
  }

  async function tellOwner(alarm: KeyAlarm) {
    if (sendMail === null) return;
    const link = `${publicUrl}/keys/${alarm.keyId}`;
    const about = { to: alarm.email, keyName: alarm.keyName, link, host: new URL(publicUrl).host };
    const letter =
      alarm.kind === "network"
        ? newNetworkLetter({ ...about, networks: alarm.networks })
        : unusualRateLetter({ ...about, requests: alarm.requests, usual: alarm.usual });
    const result = await sendMail(letter);
    if (!result.sent) log.warn({ mail: result.error, keyId: alarm.keyId }, "a warning could not be mailed");
  }

  /** One round after the other, whoever asks. */
  function lookNow() {
    running ??= look().finally(() => {
      running = null;
    });
    return running;
  }

  const timer = setInterval(() => void lookNow(), roundMs);
  timer.unref();

  return {
    /** A key was used from there. Never waits and never throws. */
    saw: uses.saw,
    /** Looks now instead of within a minute. Never rejects. */
    lookNow,
    /** Looks a last time, but not for long: a database that is away is no reason to stay. */
    async close() {
      clearInterval(timer);
      await Promise.race([lookNow(), sleep(LAST_LOOK_MS, undefined, { ref: false })]);
    },
  };
}
