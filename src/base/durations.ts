/**
 * Lengths of time as people write them: `"30s"`, `"500ms"`, `"1.5m"`.
 *
 * @module
 */

import { mustBe } from "./arguments.ts";
import { type Check, LONGEST_SLEEP } from "./options.ts";

const UNITS: Record<string, number> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** The duration in milliseconds; `undefined` if the text is not one. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * UNITS[unit];
}

/** A duration of `least` milliseconds or more that a timer can wait for; `example` is one, in quotes. */
export function durationCheck(least: number, example: string): Check {
  const wanted = `a duration${least > 0 ? ` of at least ${least} ms` : ""}, like ${example}`;
  return (name, value) => {
    if (typeof value !== "string") throw new TypeError(mustBe(name, value, wanted));
    const duration = parseDuration(value);
    if (duration === undefined || duration < least || duration > LONGEST_SLEEP) {
      throw new RangeError(mustBe(name, value, wanted));
    }
  };
}
