/**
 * Logs of the slots of one name, as one. Runs in the page, too.
 *
 * @module
 */

/** Logs that belong together, or one that stands alone. */
export interface Group<T> {
  /** `/app.{slot}`, or the name of the only one. */
  name: string;
  members: T[];
}

/** A name with the number of a slot at its end, or that of its watchdog. */
const SLOT = /^(.*\.)\d{1,5}(\.watch)?$/s;

/** Groups of at least two, each where its first one stands, and all others. */
export function groupsOf<T extends { readonly name: string }>(logs: readonly T[]): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const log of logs) {
    const [, base, end = ""] = SLOT.exec(log.name) ?? [];
    const name = base === undefined ? log.name : `${base}{slot}${end}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { name, members: [log] });
    else group.members.push(log);
  }
  return [...groups.values()].map(({ name, members }) => ({
    name: members.length === 1 ? members[0].name : name,
    members,
  }));
}
