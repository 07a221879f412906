/**
 * The logs that the names on a command line stand for: patterns are looked at again and again.
 *
 * @module
 */

import { statSync } from "node:fs";
import { SharedMemory } from "../../../ffi/mod.ts";
import { SegmentNotFoundError } from "../../errors.ts";
import { isShortOfDescriptors } from "../../log/native/followed_log.ts";
import { isPattern, LogPattern, slotsOf } from "../../log/native/log_pattern.ts";
import { describeTarget, type LogTarget } from "../../log/native/target.ts";
import { isStandardInput } from "./log_targets.ts";

/** What commands say that take patterns, in their help. */
export const PATTERN_HELP: string =
  `A <name> may be a pattern, quoted: '/app.*', '/app.[0-3]', './logs/*.log'. /app
stands for /app.0, /app.1, … where only these exist.`;

/** A log by its name, or path: what tells it from the others. */
export function nameOf(target: LogTarget): string {
  return typeof target === "string" ? SharedMemory.normalizeName(target) : target.path;
}

/** Names of logs, of which some may be patterns. */
export class NamedLogs {
  /** The logs that were named themselves, there or not. */
  readonly plain: readonly LogTarget[];
  /** The same, and the patterns: what a `LogSet` is opened with. */
  readonly targets: readonly LogTarget[];
  readonly #patterns: readonly [name: string, LogPattern][];

  /**
   * Looks at what there is: a pattern that is the very name of a log is that log, and a name without a log is
   * that of its slots, if they are there and `slots` is not false.
   */
  constructor(targets: readonly LogTarget[], { slots: takesSlots = true } = {}) {
    const plain: LogTarget[] = [];
    const all: LogTarget[] = [];
    const patterns: [name: string, LogPattern][] = [];
    const seen = new Set<string>();
    for (const target of targets) {
      // What is named twice is one log.
      if (seen.has(nameOf(target))) continue;
      seen.add(nameOf(target));
      if (exists(target)) plain.push(target);
      else if (isPattern(target)) {
        patterns.push([describeTarget(target), new LogPattern(target)]);
        all.push(target);
      } else {
        const slots = slotsOf(target);
        const pattern = new LogPattern(slots);
        // Without a message: what is printed names the logs.
        if (takesSlots && pattern.find().length > 0) {
          patterns.push([describeTarget(target), pattern]);
          all.push(slots);
        } else plain.push(target);
      }
    }
    this.plain = plain;
    this.targets = [...plain, ...all];
    this.#patterns = patterns;
  }

  /** Whether other logs may match later. */
  get hasPatterns(): boolean {
    return this.#patterns.length > 0;
  }

  /** Whether there is one log, and never another one. */
  get isOne(): boolean {
    return this.plain.length === 1 && !this.hasPatterns;
  }

  /** The logs that match the patterns now, each once, without those that were named themselves. */
  matching(): LogTarget[] {
    const seen = new Set(this.plain.map(nameOf));
    return this.#patterns.flatMap(([, pattern]) =>
      pattern.find().filter((target) => {
        const name = nameOf(target);
        return !seen.has(name) && seen.add(name);
      })
    );
  }

  /**
   * The same for a command that looks again and again; `undefined` if there is no descriptor free to look with
   * now: the next look may be possible.
   */
  matchingNow(): LogTarget[] | undefined {
    try {
      return this.matching();
    } catch (error) {
      if (isShortOfDescriptors(error)) return undefined;
      throw error;
    }
  }

  /** All of them now. */
  find(): LogTarget[] {
    return [...this.plain, ...this.matching()];
  }

  /**
   * All of them, for a command that does not wait.
   *
   * @throws {SegmentNotFoundError} if nothing matches
   */
  existing(): LogTarget[] {
    const found = this.find();
    if (found.length === 0) throw new SegmentNotFoundError(`no log matches ${this.patterns}`);
    return found;
  }

  /** The patterns in words. */
  get patterns(): string {
    return this.#patterns.map(([name]) => name).join(", ");
  }
}

function exists(target: LogTarget): boolean {
  if (typeof target === "string") return SharedMemory.exists(target);
  if (isStandardInput(target)) return true;
  try {
    return statSync(target.path).isFile();
  } catch {
    return false;
  }
}
