/** The one label for whatever has no place of its own. */
export const OTHER = "other";

/**
 * Numbers for the values of one label: as many as are given and `most` more, first come, first served. Everything beyond, and
 * what has no name at all, is number 0, `other`: no client and no pod can make the list long.
 */
export class BoundedLabels {
  private readonly ids = new Map<string, number>();
  private readonly names: string[] = [OTHER];
  private readonly most: number;

  constructor(given: readonly string[], most = 0) {
    for (const name of given) this.add(name);
    this.most = this.names.length + most;
  }

  idOf(name: string | null): number {
    if (name === null) return 0;
    const id = this.ids.get(name);
    if (id !== undefined) return id;
    return this.names.length < this.most ? this.add(name) : 0;
  }

  nameOf(id: number): string {
    return this.names[id] ?? OTHER;
  }

  /** Every name there is so far, in the order of their numbers. */
  all(): readonly string[] {
    return this.names;
  }

  private add(name: string) {
    const known = this.ids.get(name);
    if (known !== undefined || name === OTHER) return known ?? 0;
    const id = this.names.length;
    this.ids.set(name, id);
    this.names.push(name);
    return id;
  }
}
