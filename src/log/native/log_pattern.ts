/**
 * Patterns of names: `"/app.*"` is all logs whose names begin like that, at each moment.
 *
 * @module
 */

import { readdirSync, statSync } from "node:fs";
import { sep } from "node:path";
import { SharedMemory } from "../../../ffi/mod.ts";
import { hasMagic } from "./look.ts";
import { type LogTarget, placeOf } from "./target.ts";

/** What a pattern has: `*`, `?`, `[…]`, and `{slot}`, which stands for a number. */
const SPECIAL = /[*?]|\[!?.[^\]]*\]|\{slot\}/;
/** The same, each with what it means; and any other character. */
const PIECE = /(\*)|(\?)|\[(!?)(.[^\]]*)\]|(\{slot\})|./gsu;

/** `/app.2` comes before `/app.10`. */
const { compare } = new Intl.Collator("en", { numeric: true });

/** Whether a name, or path, is a pattern. */
export function isPattern(target: LogTarget): boolean {
  return SPECIAL.test(placeOf(target));
}

/** The pattern of the slots of a name: `/app.0`, `/app.1`, … */
export function slotsOf(target: LogTarget): LogTarget {
  return typeof target === "string" ? `${target}.{slot}` : { path: `${target.path}.{slot}` };
}

/**
 * A pattern of names in shared memory, or of paths, as a shell has them: `*` is any characters, `?` is
 * one, `[a-c]` one of these, `[!a-c]` one of the others; none of them is a slash, or the dot with which
 * the name of a file begins. `{slot}` is a number, with or without `.watch`: what
 * the watchdog of that process writes.
 */
export class LogPattern {
  readonly #pattern: LogTarget;
  /** What was a log at the last look: it is not opened again as long as it is there. */
  #known: ReadonlySet<string> = new Set();

  /** Looks at nothing yet. */
  constructor(pattern: LogTarget) {
    this.#pattern = typeof pattern === "string" ? SharedMemory.normalizeName(pattern) : pattern;
  }

  /**
   * The logs that match now, in the order of their names, numbers by their value. What is not a log, or not
   * complete yet, and what receivers keep beside a log (`NAME.origin`), is left out.
   */
  find(): LogTarget[] {
    const isShared = typeof this.#pattern === "string";
    const all = isShared ? namesLike(this.#pattern) : pathsLike(this.#pattern.path);
    const names = new Set(all);
    const known = new Set<string>();
    for (const name of all) {
      const isBeside = name.endsWith(".origin") && names.has(name.slice(0, -".origin".length));
      if (isBeside) continue;
      if (this.#known.has(name) || hasMagic(isShared ? name : { path: name })) known.add(name);
    }
    this.#known = known;
    return [...known].sort(compare).map((name) => isShared ? name : { path: name });
  }
}

function namesLike(pattern: string): string[] {
  const like = matcher(pattern);
  return SharedMemory.list().filter((name) => like.test(name));
}

/** Paths of files, as the pattern has them: relative ones stay relative. */
function pathsLike(pattern: string): string[] {
  const slashes = sep === "\\" ? /([\\/])/ : /(\/)/;
  let found = [""];
  // A folder and its slash alternate.
  for (const part of pattern.split(slashes)) {
    found = SPECIAL.test(part)
      ? found.flatMap((folder) => namesIn(folder, part))
      : found.map((path) => path + part);
  }
  return found.filter(isFile);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function namesIn(folder: string, pattern: string): string[] {
  const like = matcher(pattern);
  const isHidden = pattern.startsWith(".");
  let names: string[];
  try {
    names = readdirSync(folder === "" ? "." : folder);
  } catch {
    // Not there, not a folder, or not for us.
    return [];
  }
  return names.filter((name) => like.test(name) && (isHidden || !name.startsWith(".")))
    .map((name) => folder + name);
}

function matcher(pattern: string): RegExp {
  const source = pattern.replace(PIECE, (char, any, one, not, set, slot) => {
    if (any !== undefined) return "[^/]*";
    if (one !== undefined) return "[^/]";
    // What the watchdog of that slot writes belongs to it.
    if (slot !== undefined) return "\\d+(?:\\.watch)?";
    // A hyphen between two is a range, as in a RegExp.
    if (set !== undefined) return `[${not && "^"}${set.replace(/[\\\]^[]/g, "\\$&")}]`;
    return char.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    throw new RangeError(`"${pattern}" is not a pattern: a range like [a-c] is from low to high`);
  }
}
