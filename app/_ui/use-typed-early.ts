import { type RefObject, useLayoutEffect, useRef } from "react";

/**
 * Keeps what somebody wrote into a field before the page's script had run: React goes on with the text it knows, `known`, and
 * would write it over theirs. `adopt` hears theirs once, if it is another.
 */
export function useTypedEarly(
  field: RefObject<HTMLInputElement | HTMLTextAreaElement | null>,
  known: string,
  adopt: (typed: string) => void,
) {
  const hasLooked = useRef(false);
  useLayoutEffect(() => {
    if (hasLooked.current) return;
    hasLooked.current = true;
    const typed = field.current?.value ?? known;
    if (typed !== known) adopt(typed);
  }, [field, known, adopt]);
}
