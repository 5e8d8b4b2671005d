import { TextField } from "@/app/_ui/field";
import type { Policy } from "@/lib/policy/queries";

const FIELDS = [
  { name: "promptWeight", label: "A prompt token counts", help: "What all others are measured by." },
  { name: "cachedWeight", label: "One from the cache", help: "The pod did not have to read it again." },
  { name: "completionWeight", label: "A completion token", help: "Made one after the other, so it takes longest." },
] as const;

type WeightFieldsProps = { policy: Policy; errorOf: (field: string) => string[] | undefined };

/** What tokens weigh against each other when a pod's hour is shared out. */
export function WeightFields({ policy, errorOf }: WeightFieldsProps) {
  return (
    <fieldset>
      <legend className="label">Weights for GPU dollars</legend>
      <div className="triples">
        {FIELDS.map(({ name, label, help }) => (
          <TextField
            key={name}
            label={label}
            name={name}
            inputMode="decimal"
            autoComplete="off"
            defaultValue={String(policy[name] / 1_000)}
            help={help}
            error={errorOf(name)}
          />
        ))}
      </div>
      <p className="help">
        The time in which a pod worked is shared among the members by these. A change holds from the next full hour on;
        hours before it stay as they are.
      </p>
    </fieldset>
  );
}
