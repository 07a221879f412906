/**
 * Checks of options: one way for all objects of options that there are.
 *
 * An option that is not known is an error that names the nearest one that is: `chunksize` must not
 * mean the default. So is a value of the wrong type, which JavaScript would take for something else.
 *
 * @module
 */

import { describe, mustBe } from "./arguments.ts";

/** Throws unless `value`, which is not `undefined`, may be that of the option `name`. */
export type Check = (name: string, value: unknown) => void;

/** A check for each option that there is: the compiler sees that none is missing. */
export type Checks<T> = { readonly [K in keyof T]-?: Check };

/**
 * Throws a TypeError for an option that is not known, and what a check throws for a value.
 *
 * @param what whose options they are
 * @param more names that are let through: those of a library that hands its own options on
 */
export function checkOptions<T extends object>(
  what: string,
  options: T,
  checks: Checks<T>,
  more: readonly string[] = [],
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    // The first mistake with a logger: its log as the only argument.
    const like = Object.hasOwn(checks, "target") ? ', like { target: "/app" }' : "";
    throw new TypeError(mustBe(`options of ${what}`, options, `an object${like}`));
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(checks, name) && !more.includes(name)) {
      throw new TypeError(unknown(what, name, Object.keys(checks)));
    }
  }
  for (const [name, check] of Object.entries<Check>(checks)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) check(name, value);
  }
}

/** Only the options that `checks` knows: to hand on what belongs to another object. */
export function pickOptions<T extends object>(options: T, checks: Checks<T>): T {
  const names = (Object.keys(checks) as (keyof T)[]).filter((name) => options[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, options[name]])) as T;
}

/** Any value: what is checked where it is used. */
export const anything: Check = () => {};

/** `true` or `false`. */
export const flag: Check = ofType("boolean", "true or false");

/** Text. */
export const text: Check = ofType("string", "a string");

/** A number, of whatever size. */
export const number: Check = ofType("number", "a number");

/** A function. */
export const callback: Check = ofType("function", "a function");

/** What ends a wait: an AbortSignal, of whatever realm or library. */
export const signal: Check = (name, value) => {
  const { addEventListener, aborted } = Object(value) as Partial<AbortSignal>;
  if (typeof addEventListener === "function" && typeof aborted === "boolean") return;
  throw new TypeError(mustBe(name, value, "an AbortSignal: give the controller's .signal"));
};

/** The permission bits of a segment or file. */
export const mode: Check = (name, value) => {
  if (value === 400 || value === 440 || value === 444) {
    throw new RangeError(
      `${name} is ${value}, which is 0o${value.toString(8)}: did you mean 0o${value}?`,
    );
  }
  if (typeof value !== "number") throw new TypeError(mustBe(name, value, MODE));
  if (!Number.isInteger(value) || value < 0 || value > 0o777) {
    const octal = /^0?[0-7]{3}$/.test(`${value}`) ? `: did you mean 0o${value}?` : "";
    throw new RangeError(mustBe(name, value, MODE) + octal);
  }
};

const MODE = "permission bits from 0 to 0o777";

/** The longest time that a timer can wait, in milliseconds: a longer one is over at once. */
export const LONGEST_SLEEP: number = 2 ** 31 - 1;

/** One of these words. */
export function oneOf(...words: readonly string[]): Check {
  return (name, value) => {
    if (typeof value === "string" && words.includes(value)) return;
    const wanted = words.map((word) => `"${word}"`).join(", ");
    const near = typeof value === "string" ? nearest(value, words) : undefined;
    throw new TypeError(
      mustBe(name, value, `one of ${wanted}`) +
        (near === undefined ? "" : `. Did you mean "${near}"?`),
    );
  };
}

/** An integer from `from` to `to`. */
export function integer(
  from: number,
  to: number = Number.MAX_SAFE_INTEGER,
  unit: string = "",
): Check {
  const range = to === Number.MAX_SAFE_INTEGER ? `of at least ${from}` : `from ${from} to ${to}`;
  const wanted = `an integer ${range}${unit && ` ${unit}`}`;
  return (name, value) => {
    if (typeof value !== "number") throw new TypeError(mustBe(name, value, wanted));
    if (!Number.isInteger(value) || value < from || value > to) {
      throw new RangeError(mustBe(name, value, wanted));
    }
  };
}

/** A time in milliseconds of at least `from`; `Infinity` is not one. */
export function milliseconds(from: number, to: number = Infinity): Check {
  const wanted = `a time in ms of at least ${from}${to === Infinity ? "" : ` and at most ${to}`}`;
  return (name, value) => {
    if (typeof value !== "number") throw new TypeError(mustBe(name, value, wanted));
    if (!(value >= from && value <= to)) throw new RangeError(mustBe(name, value, wanted));
  };
}

function ofType(type: string, wanted: string): Check {
  return (name, value) => {
    const given = typeof value;
    if (given !== type) throw new TypeError(mustBe(name, value, wanted));
  };
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const hint = near === undefined ? `known are ${known.join(", ")}` : `did you mean "${near}"?`;
  return `option ${describe(name).replace(/ \(string\)$/, "")} of ${what} is not known: ${hint}`;
}

/** The one of `words` that `word` is most like; `undefined` if it is like none. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const plain = word.toLowerCase().slice(0, 40);
  let best: string | undefined;
  // A third of it may be wrong.
  let least = Math.max(2, Math.floor(plain.length / 3)) + 1;
  for (const known of words) {
    const other = known.toLowerCase();
    const isPart = plain.length > 3 && (other.startsWith(plain) || plain.startsWith(other));
    const steps = isPart ? 1 : distance(plain, other);
    if (steps < least) [best, least] = [known, steps];
  }
  return best;
}

/** How many letters must be put, taken or changed, or swapped with the next one. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
