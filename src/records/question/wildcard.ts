/**
 * Text with wildcards: `*` is any text, `?` one character.
 *
 * @module
 */

const ANY = "*";
const ONE = "?";

/** Such a text, to be compared with others, in any case. */
export class Wildcard {
  /** Its characters; those that are themselves begin with a backslash. */
  readonly #parts: readonly string[];

  /** Takes a text in which a backslash makes the next character itself. */
  constructor(pattern: string) {
    const parts = pattern.toLowerCase().match(/\\?[^]/gu) ?? [];
    this.#parts = parts.map((part) =>
      part === ANY || part === ONE ? part : `\\${part.startsWith("\\") ? part.slice(1) : part}`
    ).filter((part, i, all) => part !== ANY || all[i - 1] !== ANY);
  }

  /** Whether it is all of a text. */
  matches(text: string): boolean {
    return this.#matches(text.toLowerCase());
  }

  /** Whether it is somewhere in a text. */
  isIn(text: string): boolean {
    return this.#matches(text.toLowerCase(), true);
  }

  /** Goes back to the last `*` only: it takes the product of both lengths at most. */
  #matches(text: string, isAnywhere = false): boolean {
    const parts = this.#parts;
    let [at, part] = [0, 0];
    // Where to try again: one character later.
    let [nextAt, nextPart] = isAnywhere ? [0, 0] : [-1, -1];
    for (;;) {
      if (part === parts.length) {
        if (isAnywhere || at === text.length) return true;
      } else if (parts[part] === ANY) {
        part++;
        [nextAt, nextPart] = [at, part];
        continue;
      } else if (at < text.length) {
        const end = at + (text.codePointAt(at)! > 0xffff ? 2 : 1);
        if (parts[part] === ONE || parts[part].slice(1) === text.slice(at, end)) {
          at = end;
          part++;
          continue;
        }
      }
      if (nextAt < 0 || nextAt >= text.length) return false;
      nextAt++;
      [at, part] = [nextAt, nextPart];
    }
  }
}
