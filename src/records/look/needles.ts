/**
 * Texts that an entry must contain, looked for in many entries at once.
 *
 * @module
 */

/** Texts of which an entry must contain one at least, or it can't match. */
export interface Needles {
  /** Plain runs of printable ASCII. */
  readonly texts: readonly string[];
  /** Whether upper and lower case of A to Z are the same, and letters that Unicode folds to these. */
  readonly ignoresCase: boolean;
  /** Whether JSON may have them in escapes, `\u0041` for A: such entries are never ruled out. */
  readonly mayBeEscaped: boolean;
}

/** Letters beyond ASCII that are the same as one of ASCII in another case: K, ſ, İ, in UTF-8. */
const FOLDED: readonly [letter: string, bytes: string][] = [
  // The decoder of browsers has a sign of its own for \x84.
  ["k", "\xe2[\x84\u201e]\xaa"],
  ["s", "\xc5\xbf"],
  ["i", "\xc4\xb0"],
];

/** A pattern, and where it is next. */
interface Searched {
  readonly pattern: RegExp;
  place: number;
}

/** Finds the entries that may contain a needle. */
export class NeedleSearch {
  /** The texts, and what else may be one of them. Each by itself: so engines search several times faster. */
  readonly #searched: readonly Searched[];
  #text = "";

  constructor({ texts, ignoresCase, mayBeEscaped }: Needles) {
    const letters = ignoresCase ? texts.join("").toLowerCase() : "";
    const sources = texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
    for (const [letter, bytes] of FOLDED) if (letters.includes(letter)) sources.push(bytes);
    if (mayBeEscaped) sources.push("\\\\u");
    const flags = ignoresCase ? "gi" : "g";
    this.#searched = sources.map((source) => ({ pattern: new RegExp(source, flags), place: -1 }));
  }

  /** Begins with a text in which each character is a byte. */
  begin(text: string): void {
    this.#text = text;
    for (const searched of this.#searched) searched.place = -1;
  }

  /** The first place at or after `from` where a needle may be; `Infinity` if nowhere. */
  next(from: number): number {
    let next = Infinity;
    for (const searched of this.#searched) {
      if (searched.place < from) {
        searched.pattern.lastIndex = from;
        searched.place = searched.pattern.exec(this.#text)?.index ?? Infinity;
      }
      if (searched.place < next) next = searched.place;
    }
    return next;
  }
}
