type SegmentedProps<Value extends string> = {
  label: string;
  options: readonly { value: Value; name: string }[];
  value: Value | null;
  onChange: (value: Value) => void;
};

/** Up to eight exclusive choices of one or two words. */
export function Segmented<Value extends string>({ label, options, value, onChange }: SegmentedProps<Value>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a legend and a block of its own
    <div className="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.name}
        </button>
      ))}
    </div>
  );
}
