/**
 * Redaction: what must not get into a log is replaced, or left out, before it is written.
 *
 * @module
 */

import slowRedact from "@pinojs/redact";
import type { Stringify } from "./stringify.ts";

/** What is redacted, and how. */
export interface RedactOptions {
  /** Paths like `"password"`, `"user.password"`, `"users[*].password"`, `"*.password"`. */
  paths: string[];
  /** What stands in place of a value, or a function that gives it. Default `"[Redacted]"`. */
  // deno-lint-ignore no-explicit-any
  censor?: string | ((value: any, path: string[]) => any);
  /** Whether key and value are left out instead. Default `false`. */
  remove?: boolean;
}

/** What makes JSON of the values of a key, if it is one in which something is redacted. */
export interface Redaction {
  /** By key. */
  readonly keys: ReadonlyMap<string, Stringify>;
  /** For all other keys, where a path begins with `*`. */
  readonly others: Stringify | undefined;
  /** For objects within a message. */
  readonly whole: Stringify;
}

/** One segment of a path: a name, or what is in brackets. */
const SEGMENT = /[^.[\]]+|\[([^[\]]*?)\]/g;
const QUOTED = /^(["'`])(.*)(["'`])$/;

/**
 * Gives what makes JSON of redacted values.
 *
 * @throws {TypeError} if `paths` is no array
 * @throws {Error} if a path is not one
 */
export function redaction(redact: string[] | RedactOptions, stringify: Stringify): Redaction {
  const { paths, censor = "[Redacted]", remove = false } = Array.isArray(redact)
    ? { paths: redact } as RedactOptions
    : redact;
  if (!Array.isArray(paths)) {
    throw new TypeError(
      "redact must be an array of paths, or { paths: […] }: pino's redact option",
    );
  }
  // Of what is removed nothing is left to be written.
  const instead = remove ? undefined : censor;
  const redactAt = (inner: string[], at?: string): Stringify =>
    slowRedact({
      paths: inner,
      censor: at === undefined || typeof instead !== "function"
        ? instead
        : (value: unknown, path: string[]) => instead(value, [at, ...path]),
      serialize: stringify,
      strict: false,
      remove,
    } as never) as Stringify;

  const whole = redactAt(paths);
  const shape = shapeOf(paths);
  const stringifiers = new Map<string, Stringify>();
  for (const [first, rest] of shape) {
    if (rest !== undefined) stringifiers.set(first, redactAt(rest, first));
    else {
      stringifiers.set(
        first,
        (value) => stringify(typeof instead === "function" ? instead(value, [first]) : instead),
      );
    }
  }
  const others = stringifiers.get("*");
  stringifiers.delete("*");
  return { keys: stringifiers, others, whole };
}

/** For each first segment of a path the paths behind it; undefined if it is redacted itself. */
function shapeOf(paths: readonly string[]): Map<string, string[] | undefined> {
  const shape = new Map<string, string[] | undefined>();
  for (const path of paths) {
    const [first, second] = typeof path === "string" ? path.matchAll(SEGMENT) : [];
    if (first === undefined) {
      throw new Error(`redact has a path that is not valid: ${String(path)}`);
    }
    const name = first[1] === undefined ? first[0] : first[1].replace(QUOTED, "$2");
    if (second === undefined) {
      shape.set(name, undefined);
      continue;
    }
    if (shape.has(name) && shape.get(name) === undefined) continue;
    const rest = path.slice(second.index);
    if (name === "*") {
      // It is in all keys, those that have paths of their own, too.
      for (const [key, known] of shape) if (key !== "*") known?.push(rest);
    }
    const own = shape.get(name) ?? (name === "*" ? [] : [...shape.get("*") ?? []]);
    own.push(rest);
    shape.set(name, own);
  }
  return shape;
}
