/** The names of classes, which bundling changes. */

/**
 * Gives classes the names back that they had before bundling, which errors and `console.log` show. A
 * class X has become `var X = class`, or `var X = class _X` if it speaks of itself; and of two that were
 * called X one is X2, and must not be called X in itself, where that may be the other one.
 */
export function withClassNames(text: string): string {
  const isClass = (local: string) => new RegExp(`(?<=var |, )${local} = class\\b`).test(text);
  const renamed = new Map(
    [...text.matchAll(/^\s*((\w+?)\d+) as \2,?$/gm)].map(([, local, name]) =>
      [local, name] as const
    )
      .filter(([local]) => isClass(local)),
  );
  for (const [, local] of text.matchAll(/(?<=var |, )(\w+) = class _\1\b/g)) {
    // With as many characters as before, for the source map.
    text = text.replace(new RegExp(`(?<![.#\\w$])_${local}(?![\\w$])`, "g"), `${local} `);
  }
  text = text.replace(
    /((?<=var |, )(\w+) = class)(?= (?:extends .*)?\{$)/gm,
    (start, _start, local) => renamed.has(local) ? start : `${start} ${local}`,
  );
  return text +
    [...renamed].map(([local, name]) =>
      `Object.defineProperty(${local}, "name", { value: "${name}" });\n`
    ).join("");
}
