/**
 * Values of which a part can't be shown: the part becomes a mark, so that the rest is not lost with it.
 *
 * @module
 */

import { errorFields, HIDDEN } from "./error_fields.ts";

const CIRCULAR = "[Circular]";
/** How deep a value is shown. */
const MOST_DEPTH = 32;

/**
 * The same value without what throws: getters, `toJSON()`, proxies that refuse, circles, too great a depth.
 * For the rare case that showing the value itself has failed. Never throws.
 *
 * @param isKept what stays as it is beside text, numbers and the like
 */
export function showable(
  value: unknown,
  isKept: (value: unknown) => boolean = () => false,
): unknown {
  const show = (value: unknown, ancestors: readonly object[]): unknown => {
    if (value === null || ["string", "number", "boolean", "undefined"].includes(typeof value)) {
      return value;
    }
    if (isKept(value)) return value;
    if (typeof value !== "object") return String(value);
    if (ancestors.includes(value)) return CIRCULAR;
    if (ancestors.length >= MOST_DEPTH) return HIDDEN;
    if (value instanceof Error) return errorFields(value);
    const path = [...ancestors, value];
    const { toJSON } = value as { toJSON?: unknown };
    // Nothing keeps it from giving a new object each time: the path grows.
    if (typeof toJSON === "function") return attempt(() => toJSON.call(value), path);
    if (Array.isArray(value)) {
      return Array.from(value, (_, index) => attempt(() => value[index], path));
    }
    const of = value as Record<string, unknown>;
    return Object.fromEntries(Object.keys(of).map((key) => [key, attempt(() => of[key], path)]));
  };
  const attempt = (get: () => unknown, ancestors: readonly object[]): unknown => {
    try {
      return show(get(), ancestors);
    } catch {
      return HIDDEN;
    }
  };
  return attempt(() => value, []);
}

/** A value as JSON, whatever it is; `undefined` where `JSON.stringify()` gives that. */
export function showableJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(showable(value));
  }
}
