import { Field, TextField } from "@/app/_ui/field";
import type { Settings } from "./conversation";

type SettingsPanelProps = { id: string; settings: Settings; onChange: (settings: Settings) => void };

/** What goes along with every message from now on. What is left empty is up to the pod. */
export function SettingsPanel({ id, settings, onChange }: SettingsPanelProps) {
  const set = (name: keyof Settings) => (event: { target: { value: string } }) =>
    onChange({ ...settings, [name]: event.target.value });
  return (
    <section id={id} className="playground-settings" aria-label="Settings">
      <Field label="System prompt">
        {(control) => (
          <span className="field">
            <textarea
              {...control}
              rows={2}
              autoComplete="off"
              placeholder="None"
              value={settings.system}
              onChange={set("system")}
            />
          </span>
        )}
      </Field>
      <TextField
        label="Temperature"
        type="number"
        inputMode="decimal"
        min={0}
        max={2}
        step={0.1}
        placeholder="The pod's own"
        autoComplete="off"
        value={settings.temperature}
        onChange={set("temperature")}
        error={outside(settings.temperature, 0, 2) ? "0 to 2." : null}
      />
      <TextField
        label="At most"
        type="number"
        inputMode="numeric"
        min={1}
        step={1}
        placeholder="The pod's own"
        autoComplete="off"
        unit="tokens"
        value={settings.maxTokens}
        onChange={set("maxTokens")}
        error={outside(settings.maxTokens, 1, Number.MAX_SAFE_INTEGER) ? "At least 1." : null}
      />
    </section>
  );
}

/** Whether a field holds something that is not a number of its range. */
export function outside(text: string, least: number, most: number) {
  if (text.trim() === "") return false;
  const value = Number(text);
  return !(value >= least && value <= most);
}

/** Whether everything can be sent as it stands. */
export function areSettingsSound({ temperature, maxTokens }: Settings) {
  return !outside(temperature, 0, 2) && !outside(maxTokens, 1, Number.MAX_SAFE_INTEGER);
}
