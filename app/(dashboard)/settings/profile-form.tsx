"use client";

import { Button } from "@/app/_ui/button";
import { SelectField, TextField } from "@/app/_ui/field";
import { SectionTitle } from "@/app/_ui/page-head";
import { Refused } from "@/app/_ui/refused";
import { Segmented } from "@/app/_ui/segmented";
import { THEMES, type Theme } from "@/app/_ui/theme";
import { showToast } from "@/app/_ui/toast";
import { useFormAction } from "@/app/_ui/use-form-action";
import { useZone } from "@/app/_ui/zone";
import { useTheme } from "../_shell/use-theme";
import { profileAction } from "./actions";

type Profile = { name: string; timeZone: string | null; theme: Theme };

const THEME_NAMES: Record<Theme, string> = { system: "System", light: "Light", dark: "Dark" };

/** One's own name, zone and theme. The theme shows and is remembered at once, the rest when it is saved. */
export function ProfileForm({ profile, zones }: { profile: Profile; zones: readonly string[] }) {
  const zone = useZone();
  const { theme, choose } = useTheme(profile.theme);
  const { onSubmit, busy, refusal, errorOf } = useFormAction(profileAction, () => showToast("Your profile is saved"));
  const known = profile.timeZone && !zones.includes(profile.timeZone) ? [profile.timeZone, ...zones] : zones;
  return (
    <section>
      <SectionTitle>You</SectionTitle>
      <form method="post" className="rows" onSubmit={onSubmit} noValidate>
        <Refused refusal={refusal} />
        <TextField
          label="Name"
          name="name"
          defaultValue={profile.name}
          maxLength={64}
          autoComplete="name"
          help="Others see it beside your keys."
          error={errorOf("name")}
        />
        <SelectField
          label="Time zone"
          name="timeZone"
          defaultValue={profile.timeZone ?? ""}
          help={`Times and days are shown in it. Now: ${zone}.`}
          error={errorOf("timeZone")}
        >
          <option value="">As the browser has it</option>
          {["UTC", ...known.filter((each) => each !== "UTC")].map((each) => (
            <option key={each} value={each}>
              {each.replaceAll("_", " ")}
            </option>
          ))}
        </SelectField>
        <div>
          <p className="label">Theme</p>
          <input type="hidden" name="theme" value={theme} />
          <Segmented
            label="Theme"
            options={THEMES.map((value) => ({ value, name: THEME_NAMES[value] }))}
            value={theme}
            onChange={choose}
          />
        </div>
        <div>
          <Button type="submit" busy={busy}>
            Save profile
          </Button>
        </div>
      </form>
    </section>
  );
}
