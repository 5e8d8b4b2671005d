"use client";

import type { Role } from "@/lib/auth/member";
import { ROLES } from "../_words/roles";

type RoleChoicesProps = {
  value: Role;
  onChange: (role: Role) => void;
  /** Why a role can't be given, in words; null: it can. */
  refusalOf: (role: Role) => string | null;
};

/** The roles, each with what it may do. */
export function RoleChoices({ value, onChange, refusalOf }: RoleChoicesProps) {
  return (
    <fieldset>
      <legend className="label">Role</legend>
      <div className="choices">
        {ROLES.map(({ role, name, may }) => {
          const refusal = refusalOf(role);
          return (
            <label key={role} className="choice">
              <input
                type="radio"
                name="role"
                value={role}
                checked={value === role}
                disabled={refusal !== null}
                onChange={() => onChange(role)}
              />
              <span>
                <span className="choice-name">{name}</span>
                <span className="muted">{refusal ?? may}</span>
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
