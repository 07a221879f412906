/** What the files of a bundle call what they have of each other, made short: nobody else sees it. */

/** Names of any length, the shortest first: a, b, … z, A, … Z, aa, … */
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * Renames what these modules export, and what all import of them.
 *
 * @param texts the modules as esbuild writes them, each name on a line of its own, which keeps its place
 * @param isPrivate whether only the others import a module, and each by its names
 */
export function withShortImports(
  texts: ReadonlyMap<string, string>,
  isPrivate: (file: string) => boolean,
): Map<string, string> {
  const shortNames = new Map<string, Map<string, string>>();
  for (const [file, text] of texts) {
    if (!isPrivate(file)) continue;
    const [, list = ""] = /^export \{\n([^}]*)\n\};$/m.exec(text) ?? [];
    const names = list.split(",\n").filter((line) => line !== "").map((line) =>
      line.trim().split(" as ").at(-1) as string
    );
    shortNames.set(file, new Map(names.map((name, index) => [name, shortName(index)])));
  }
  return new Map([...texts].map(([file, text]) => {
    const own = shortNames.get(file);
    if (own !== undefined) {
      text = text.replace(
        /^(export \{\n)([^}]*)(\n\};)$/m,
        (_all, start, list, end) =>
          start + eachLine(list, (name, local = name) => `${local} as ${own.get(name)}`) + end,
      );
    }
    text = text.replace(
      /^(import \{\n)([^}]*)(\n\} from "\.\/([^"]+)";)$/gm,
      (all, start, list, end, from) => {
        const theirs = shortNames.get(from);
        return theirs === undefined ? all : start +
          eachLine(list, (local, name = local) => `${theirs.get(name)} as ${local}`) + end;
      },
    );
    return [file, text];
  }));
}

/** Lines like `  a as b,`: gives the name after `as`, and the one before it, if there are two. */
function eachLine(list: string, rename: (last: string, first?: string) => string): string {
  return list.replace(
    /^(\s*)(\w+)(?: as (\w+))?/gm,
    (_all, space, first, last) =>
      space + (last === undefined ? rename(first) : rename(last, first)),
  );
}

function shortName(index: number): string {
  const rest = Math.floor(index / LETTERS.length);
  return (rest > 0 ? shortName(rest - 1) : "") + LETTERS[index % LETTERS.length];
}
