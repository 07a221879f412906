/**
 * How long a regular expression may take at worst.
 *
 * @module
 */

/**
 * How many steps a backtracking engine takes at most for a text of length n: about
 * `ways` × n^`degree` / `degree`!. An infinite degree is exponential, or not known.
 */
export interface Cost {
  readonly ways: number;
  readonly degree: number;
}

/** A part of a pattern. */
interface Part extends Cost {
  /** Whether it takes characters, and the same number of them in each case. */
  readonly isPlain: boolean;
}

/** A repetition: of these at least, of those at most. */
type Repeat = readonly [least: number, most: number];

/** Groups that are repeated more often than this are not unrolled. */
const MOST_UNROLLED = 32;
const NOTHING: Part = { ways: 1, degree: 0, isPlain: false };
const CHARACTER: Part = { ways: 1, degree: 0, isPlain: true };
const UNKNOWN: Part = { ways: 1, degree: Infinity, isPlain: false };

/** The cost of a valid pattern with the flag `u`, which is looked for at each place of a text. */
export function costOf(pattern: string): Cost {
  const { ways, degree } = new PatternParser(pattern).alternatives();
  return { ways, degree: degree + 1 };
}

/** The length of the longest text that takes so many steps at most; -1 if no text does. */
export function longestWithin(steps: number, { ways, degree }: Cost): number {
  if (degree === Infinity || ways > steps) return -1;
  let quotient = steps / ways;
  for (let i = 2; i <= degree; i++) quotient *= i;
  return Math.floor(quotient ** (1 / degree));
}

class PatternParser {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** What stands between `|`, up to the end or the end of a group. */
  alternatives(): Part {
    let { ways, degree, isPlain } = this.#sequence();
    while (this.#skip("|")) {
      const other = this.#sequence();
      ways += other.ways;
      degree = Math.max(degree, other.degree);
      isPlain = false;
    }
    return { ways, degree, isPlain };
  }

  #sequence(): Part {
    let { ways, degree, isPlain } = NOTHING;
    let isAllPlain = true;
    while (this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at])) {
      const part = this.#term();
      ways *= part.ways;
      degree += part.degree;
      isPlain = true;
      isAllPlain &&= part.isPlain;
    }
    return { ways, degree, isPlain: isPlain && isAllPlain };
  }

  #term(): Part {
    const start = this.#pattern[this.#at];
    const part = start === "(" ? this.#group() : this.#atom();
    const repeat = this.#repeat();
    if (repeat === undefined) return part;
    const [least, most] = repeat;
    const { ways, degree, isPlain } = part;
    if (most <= MOST_UNROLLED) {
      return {
        ways: ways ** most * (most - least + 1),
        degree: degree * most,
        isPlain: isPlain && least === most && ways === 1 && degree === 0 && least > 0,
      };
    }
    // What can be repeated in one way only; else each further time may double the ways.
    return isPlain && ways === 1 && degree === 0 ? { ways: 1, degree: 1, isPlain: false } : UNKNOWN;
  }

  /** A group, or what looks ahead or back. */
  #group(): Part {
    this.#at++;
    const head = /^\?(?:<?[=!]|<[^>]*>|[a-z-]*:)/.exec(this.#pattern.slice(this.#at))?.[0] ?? "";
    this.#at += head.length;
    const part = this.alternatives();
    this.#skip(")");
    return /[=!]$/.test(head) ? { ...part, isPlain: false } : part;
  }

  /** A character, a class of them, an assertion, or a reference. */
  #atom(): Part {
    const rest = this.#pattern.slice(this.#at, this.#at + 100);
    if (rest[0] === "[") {
      // A class has no class in it; its end may be escaped.
      do this.#at += this.#pattern[this.#at] === "\\" ? 2 : 1; while (
        this.#at < this.#pattern.length && this.#pattern[this.#at] !== "]"
      );
      this.#at++;
      return CHARACTER;
    }
    const escape = /^\\(?:[upP]\{[^}]*\}|k<[^>]*>|[1-9]\d*|[^])/.exec(rest)?.[0];
    this.#at += escape?.length ?? 1;
    if (escape !== undefined && /^\\(?:k|\d)/.test(escape)) {
      // A reference to what may be as long as the text.
      return { ways: 1, degree: 1, isPlain: false };
    }
    const isAssertion = rest[0] === "^" || rest[0] === "$" || escape === "\\b" || escape === "\\B";
    return isAssertion ? NOTHING : CHARACTER;
  }

  #repeat(): Repeat | undefined {
    const rest = this.#pattern.slice(this.#at, this.#at + 40);
    const match = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(rest);
    if (match === null) return undefined;
    this.#at += match[0].length;
    const [all, least, comma, most] = match;
    if (all[0] === "?") return [0, 1];
    if (least === undefined) return [all[0] === "+" ? 1 : 0, Infinity];
    return [Number(least), comma === "" ? Number(least) : most === "" ? Infinity : Number(most)];
  }

  #skip(character: string): boolean {
    if (this.#pattern[this.#at] !== character) return false;
    this.#at++;
    return true;
  }
}
