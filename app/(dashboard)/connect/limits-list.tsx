import { exact, money } from "@/app/_ui/figures";
import { type EffectiveLimit, LIMIT_NAMES, type LimitName } from "@/lib/keys/limits";

const NAMES: Record<LimitName, string> = {
  rpm: "Requests a minute",
  tpm: "Tokens a minute",
  concurrency: "In parallel",
  monthlyTokens: "Tokens a month",
  monthlyMicroUsd: "GPU dollars a month",
};

/** What a member's keys may use together. */
export function LimitsList({ limits }: { limits: Record<LimitName, EffectiveLimit> }) {
  const set = LIMIT_NAMES.flatMap((name) => {
    const { value } = limits[name];
    return value === null ? [] : [{ name, words: name === "monthlyMicroUsd" ? money(value) : exact(value) }];
  });
  if (set.length === 0) return <p className="muted">None, unless a key has its own.</p>;
  return (
    <>
      <dl className="facts">
        {set.map(({ name, words }) => (
          <div key={name} className="fact">
            <dt>{NAMES[name]}</dt>
            <dd className="right num">{words}</dd>
          </div>
        ))}
      </dl>
      <p className="help">For all your keys together. A key may have its own.</p>
    </>
  );
}
