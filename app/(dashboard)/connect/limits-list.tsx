import { exact } from "@/app/_ui/figures";
import type { EffectiveLimit, LimitName } from "@/lib/keys/limits";

type Kept = Exclude<LimitName, "monthlyMicroUsd">;

const NAMES: Record<Kept, string> = {
  rpm: "Requests a minute",
  tpm: "Tokens a minute",
  concurrency: "In parallel",
  monthlyTokens: "Tokens a month",
};

/** What a member's keys may use together. Money is left out: nothing is refused for it yet. */
export function LimitsList({ limits }: { limits: Record<LimitName, EffectiveLimit> }) {
  const set = (Object.keys(NAMES) as Kept[]).flatMap((name) => {
    const { value } = limits[name];
    return value === null ? [] : [{ name, words: exact(value) }];
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
