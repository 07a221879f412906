/**
 * Values as JSON, whatever they are: cycles, BigInt, getters that throw.
 *
 * @module
 */

import { configure } from "safe-stable-stringify";
import { Line } from "../line/line.ts";
import { ODD, writeValue } from "../line/value.ts";

/** Gives JSON, or undefined for what JSON has no text for: a symbol, a function. Never throws. */
export type Stringify = (value: unknown) => string | undefined;

/** What a value becomes that throws where it is looked at, as in pino. */
const UNABLE = '"[unable to serialize, circular reference is too complex to analyze]"';

/** Lines that are only for their text: one, and one more for each call that a `toJSON()` makes. */
const lines: Line[] = [];
let depth = 0;

/**
 * Gives a function that makes JSON of values.
 *
 * @param depthLimit how deep an object with a cycle, or a BigInt, is shown
 * @param edgeLimit how many members of such an object are shown
 */
export function stringifyWith(depthLimit: number, edgeLimit: number): Stringify {
  const safely = configure({ maximumDepth: depthLimit, maximumBreadth: edgeLimit });
  return (value) => {
    try {
      return exactly(value);
    } catch {
      try {
        const json = safely(value);
        // It shows a NaN in a typed array as it is, which is no JSON.
        if (json !== undefined) JSON.parse(json);
        return json;
      } catch {
        return UNABLE;
      }
    }
  };
}

/**
 * Gives JSON, or a mark for what has a cycle or a BigInt. Where a child redacts, pino has nothing better,
 * and lines are the same.
 */
export const stringifyPlainly: Stringify = (value) => {
  try {
    return exactly(value);
  } catch {
    return UNABLE;
  }
};

/** What `JSON.stringify` gives. Throws where that throws. */
function exactly(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const line = lines[depth] ??= new Line();
  depth++;
  try {
    line.begin(undefined);
    return writeValue(line, value) ? line.take() : undefined;
  } catch (error) {
    if (error !== ODD) throw error;
    return JSON.stringify(value);
  } finally {
    depth--;
  }
}

/** What stands in a line for a value that can't be read. */
export function markOf(error: unknown): string {
  return `[unable to serialize: ${describeError(error)}]`;
}

/** An error in a few words, whatever was thrown. */
function describeError(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "it can't be shown";
  }
}
