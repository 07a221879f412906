/**
 * Checks of what a caller gives: bytes, arrays, options. An error names the argument, its value and
 * type, what it must be, and the nearest known name of an option.
 *
 * Constructors and calls that are made once use these. Hot paths look for what is usual themselves,
 * and come here only with the rest.
 *
 * @module
 */

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
/** Returns the class of a typed array of any realm; `undefined` for anything else. */
const classOf = Object.getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!;

/** Whether `value` is a Uint8Array, or a subclass like Buffer, also of another realm. */
function isBytes(value: unknown): value is Uint8Array {
  return classOf.call(value) === "Uint8Array";
}

/**
 * The length of `data`, which must be bytes that are there.
 *
 * @throws {TypeError} if it is not a Uint8Array, or its buffer is detached or became too short for it
 */
export function byteLength(
  what: string,
  data: unknown,
  wanted: string = "a string or a Uint8Array",
): number {
  if (!isBytes(data)) throw new TypeError(mustBe(what, data, wanted));
  const { length } = data;
  // Such an array says that it is empty. Its methods throw.
  if (length === 0) {
    try {
      typedArray.at.call(data, 0);
    } catch (cause) {
      throw new TypeError(
        `${what} is a Uint8Array whose buffer was transferred, or became too short for it: ` +
          `write it before, or a copy`,
        { cause },
      );
    }
  }
  return length;
}

/** Throws a TypeError unless `value` is an array. */
export function checkArray(what: string, value: unknown): void {
  if (Array.isArray(value)) return;
  const isIterable = typeof value === "object" && value !== null && Symbol.iterator in value;
  throw new TypeError(
    mustBe(what, value, "an array") + (isIterable ? `: use Array.from(${what})` : ""),
  );
}

/**
 * Throws unless `value` is a name, or a path.
 *
 * @throws {TypeError} if it is not a string
 * @throws {RangeError} if it is empty
 */
export function checkName(what: string, value: unknown, wanted: string = "a string"): void {
  if (typeof value !== "string") throw new TypeError(mustBe(what, value, wanted));
  if (value === "") throw new RangeError(`${what} is empty`);
}

/**
 * Throws unless `value` is an integer of at least `least`, or Infinity.
 *
 * @throws {TypeError} if it is not a number
 * @throws {RangeError} if it is a number of another kind
 */
export function checkCount(name: string, value: unknown, least: number): void {
  const isCount = Number.isInteger(value) || value === Infinity;
  if (isCount && (value as number) >= least) return;
  const message = mustBe(name, value, `an integer of at least ${least}, or Infinity`);
  throw typeof value === "number" ? new RangeError(message) : new TypeError(message);
}

/** Says that the argument or option `what` has the value `value`, but must be `wanted`. */
export function mustBe(what: string, value: unknown, wanted: string): string {
  return `${what} is ${describe(value)}, but must be ${wanted}`;
}

/** A value and its type, in at most some 60 characters; never throws. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)} (string)`;
    case "bigint":
      return `${value}n (bigint)`;
    case "number":
    case "boolean":
      return `${value} (${typeof value})`;
    case "object":
      return value === null ? "null" : `an object of class ${className(value)}`;
    case "undefined":
      return "undefined";
    default:
      return `a ${typeof value}`;
  }
}

function className(value: object): string {
  try {
    const { name } = value.constructor;
    if (typeof name === "string" && name !== "") return name.slice(0, 40);
  } catch {
    // A proxy, or a getter that throws.
  }
  return Array.isArray(value) ? "Array" : "Object";
}
