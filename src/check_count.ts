/**
 * The check of arguments that say how many.
 *
 * @module
 */

/**
 * Throws unless `value` is an integer of at least `least`, or Infinity.
 *
 * @throws {TypeError} if it is no number
 * @throws {RangeError} if it is a number of another kind
 */
export function checkCount(name: string, value: number, least: number): void {
  if (value >= least && (Number.isInteger(value) || value === Infinity)) return;
  const rule = `must be an integer of at least ${least}, or Infinity`;
  if (typeof value !== "number") {
    throw new TypeError(`${name} ${rule}, not ${JSON.stringify(value)} (${typeof value})`);
  }
  throw new RangeError(`${name} ${rule}, not ${value}`);
}
