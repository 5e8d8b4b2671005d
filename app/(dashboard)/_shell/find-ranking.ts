import { fitOf } from "./fuzzy";

type Rankable = { id: string; name: string; group: string; others?: string; isRare?: boolean };

export type Ranked<Entry> = { entry: Entry; marks: readonly number[] };
export type Section<Entry> = { title: string; found: Ranked<Entry>[] };

const MOST = 12;
/** What was used lately, and what is not a thing's side matter, comes a little sooner. */
const RECENT_BONUS = 8;
const RARE_MALUS = 12;

/**
 * What to offer. With nothing typed: what was used last, then pages, actions and keys. Otherwise the best fits in one list,
 * whose title only says so to assistive technology.
 */
export function sectionsOf<Entry extends Rankable>(
  entries: readonly Entry[],
  typed: string,
  recent: readonly string[],
): Section<Entry>[] {
  if (typed.trim() === "") {
    const plain = (own: readonly Entry[]) => own.map((entry) => ({ entry, marks: [] }));
    const used = recent.flatMap((id) => entries.find((entry) => entry.id === id) ?? []);
    const rest = entries.filter((entry) => !entry.isRare && !used.includes(entry));
    return [
      { title: "Recent", found: plain(used) },
      ...["Keys", "Pages", "Actions"].map((title) => ({
        title,
        found: plain(rest.filter(({ group }) => group === title)).slice(0, title === "Keys" ? 5 : MOST),
      })),
    ].filter(({ found }) => found.length > 0);
  }
  const found = entries
    .flatMap((entry) => {
      const fit = fitOf(typed, entry.name, entry.others);
      if (fit === null) return [];
      const score = fit.score + (recent.includes(entry.id) ? RECENT_BONUS : 0) - (entry.isRare ? RARE_MALUS : 0);
      return [{ entry, marks: fit.marks, score }];
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST);
  return found.length === 0 ? [] : [{ title: "Best matches", found }];
}
