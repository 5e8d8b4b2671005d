/** A member's initials in a circle. Decorative: the name stands beside it. */
export function Avatar({ name, small }: { name: string; small?: boolean }) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? `${words[0]?.[0] ?? ""}${words.at(-1)?.[0] ?? ""}` : name.slice(0, 2);
  return (
    <span className={small ? "avatar avatar-small" : "avatar"} aria-hidden="true">
      {letters.toUpperCase()}
    </span>
  );
}
