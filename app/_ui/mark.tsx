/** The product's mark: a ticket with a keyhole. Ink with a lime hole on light, lime on dark; never recoloured. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path
        fill="var(--mark-body)"
        d="M4.5 3.5h15A2.5 2.5 0 0 1 22 6v3.4a2.6 2.6 0 0 0 0 5.2V18a2.5 2.5 0 0 1-2.5 2.5h-15A2.5 2.5 0 0 1 2 18v-3.4a2.6 2.6 0 0 0 0-5.2V6a2.5 2.5 0 0 1 2.5-2.5Z"
      />
      <path fill="var(--mark-hole)" d="M12 6.7a3.1 3.1 0 0 1 1.6 5.75l.9 4.85h-5l.9-4.85A3.1 3.1 0 0 1 12 6.7Z" />
    </svg>
  );
}
