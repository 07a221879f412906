/** Values of all kinds, keys of all kinds, and options of all kinds, out of a seed. */

import type { Random } from "../support/random.ts";

const TEXTS: readonly string[] = [
  "",
  "a",
  "user logged in",
  'quotes " and \\ slashes',
  "new\nline\tand\u0000control\u001f",
  "del\u007fete",
  "é à ü",
  "3 € for 日本語",
  "emoji 😀 and 👩‍👩‍👧",
  "half \ud800 a pair",
  "\udc00",
  "x\ud83d",
  "%s %d %j %o %O %i %f %% %x %",
  "100%",
  "</script>\u2028\u2029",
  "x".repeat(23),
  "y".repeat(24),
  "z".repeat(25),
  "q".repeat(63) + '"',
  "w".repeat(64),
  "v".repeat(65),
  "€".repeat(40),
  "a long one with a \n in it ".repeat(8),
  "b".repeat(3000),
];

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  9,
  10,
  99,
  100,
  101,
  999,
  1000,
  12345,
  99999,
  100000,
  1234567,
  99999999,
  100000000,
  2147483647,
  2147483648,
  -2147483648,
  -2147483649,
  4294967296,
  1700000000000,
  9007199254740991,
  9007199254740992,
  -9007199254740993,
  1e20,
  1e21,
  1.5e300,
  5e-324,
  1e-7,
  0.000001,
  0.001,
  0.1,
  0.25,
  0.1 + 0.2,
  1.005,
  12.5,
  -12.345,
  1999999.999,
  2000000.5,
  123456.789,
  3.14159265358979,
  -0.5,
  NaN,
  Infinity,
  -Infinity,
];

const KEYS: readonly string[] = [
  "id",
  "user",
  "ok",
  "ms",
  "path",
  "status",
  "err",
  "error",
  "req",
  "res",
  "msg",
  "message",
  "level",
  "time",
  "pid",
  "hostname",
  "name",
  "password",
  "secret",
  "method",
  "headers",
  "socket",
  "serializers",
  "formatters",
  "customLevels",
  "toString",
  "constructor",
  "hasOwnProperty",
  "__proto__",
  "",
  "7",
  "-1",
  'quo"te',
  "new\nline",
  "é",
  "日本",
  "half\ud800",
  "a.b",
  "*",
  "k".repeat(127),
  "k".repeat(300),
];

/** Some text. */
export function textOf(random: Random): string {
  if (random.below(4) > 0) return TEXTS[random.below(TEXTS.length)];
  // Of any characters, of any length up to where all loops have ended.
  let text = "";
  for (let left = random.below(100); left > 0; left--) {
    const kind = random.below(20);
    const most = kind === 0 ? 0x10000 : kind < 3 ? 0x800 : 0x7f;
    text += String.fromCharCode(random.below(most));
  }
  return text;
}

/** A number. */
export function numberOf(random: Random): number {
  switch (random.below(6)) {
    case 0:
      return random.below(1 << 30) * (random.below(2) === 0 ? 1 : -1);
    case 1:
      return random.below(1 << 30) / 1000;
    case 2:
      return random.below(1 << 30) * random.below(1 << 22);
    case 3:
      return (random.below(1 << 30) - (1 << 29)) / random.below(1 << 30);
    default:
      return NUMBERS[random.below(NUMBERS.length)];
  }
}

/** A key. */
export function keyOf(random: Random): string {
  return random.below(12) === 0 ? textOf(random) : KEYS[random.below(KEYS.length)];
}

/** An error, with causes and members. Its stack is always the same. */
export function errorOf(random: Random, depth: number): Error {
  const type = [Error, TypeError, RangeError][random.below(3)];
  const options = random.below(3) === 0 ? { cause: valueOf(random, depth - 1) } : {};
  const error = random.below(6) === 0
    ? new AggregateError([errorOf(random, depth - 2), 5], textOf(random))
    : new type(textOf(random), options);
  error.stack = `${error.name}: ${error.message}\n    at ${textOf(random)}`;
  if (random.below(3) === 0) {
    Object.assign(error, { code: "E_CODE", more: valueOf(random, depth - 1) });
  }
  return error;
}

/** An object with up to five members. */
export function objectOf(random: Random, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = random.below(12) === 0
    ? Object.create(random.below(2) === 0 ? null : { inherited: 1 })
    : {};
  for (let left = random.below(6); left > 0; left--) {
    const key = keyOf(random);
    const value = valueOf(random, depth - 1);
    const isGetter = random.below(15) === 0;
    Object.defineProperty(object, key, {
      ...(isGetter ? { get: () => value } : { value, writable: true }),
      enumerable: random.below(20) > 0,
      configurable: true,
    });
  }
  return object;
}

class Point {
  x = 1;
  y: unknown;
  #hidden = 2;
  constructor(y: unknown) {
    this.y = y;
  }
  get z(): number {
    return this.#hidden;
  }
}

/** A value of any kind. */
export function valueOf(random: Random, depth: number): unknown {
  const kind = random.below(depth > 0 ? 26 : 12);
  switch (kind) {
    case 0:
    case 1:
    case 2:
      return textOf(random);
    case 3:
    case 4:
    case 5:
      return numberOf(random);
    case 6:
      return random.below(2) === 0;
    case 7:
      return null;
    case 8:
      return undefined;
    case 9:
      return BigInt(random.below(1 << 30)) ** BigInt(random.below(4));
    case 10:
      return Symbol("s");
    case 11:
      return () => 1;
    case 12:
      return new Date(random.below(8) === 0 ? NaN : random.below(1 << 30) * 1000);
    case 13:
      return errorOf(random, depth);
    case 14:
      return [new Uint8Array([1, 2, 255]), new Float64Array([1.5, -0]), new ArrayBuffer(3)][
        random.below(3)
      ];
    case 15:
      return [new Map([["a", 1]]), new Set([1]), /re/g, new Error("x").message, new Point(1n)][
        random.below(5)
      ];
    case 16: {
      const result = valueOf(random, depth - 1);
      return { toJSON: () => result };
    }
    case 17: {
      // Not often: JSON.stringify() of V8 goes round some for a second before it throws.
      const cycle = objectOf(random, depth);
      if (random.below(8) === 0) cycle.self = cycle;
      return cycle;
    }
    case 18: {
      const array: unknown[] = [valueOf(random, depth - 1)];
      if (random.below(8) === 0) array.push(array);
      return array;
    }
    case 19:
      return Array.from({ length: random.below(130) }, (_, i) => i);
    case 20: {
      let deep: unknown = valueOf(random, 0);
      for (let left = random.below(12); left > 0; left--) deep = { deep };
      return random.below(2) === 0 ? deep : [deep, 1n];
    }
    case 21:
      return new Point(valueOf(random, depth - 1));
    case 22:
      return [Object("text"), Object(5), Object(true), Object(5n)][random.below(4)];
    case 23:
      return Array.from({ length: random.below(5) }, () => valueOf(random, depth - 1));
    default:
      return objectOf(random, depth);
  }
}

/** A value that throws where it is looked at. */
export function throwerOf(random: Random): object {
  const boom = () => {
    throw new TypeError("boom");
  };
  switch (random.below(5)) {
    case 0:
      return Object.defineProperty({ a: 1, z: 2 }, "b", { enumerable: true, get: boom });
    case 1:
      return { a: { toJSON: boom }, z: 2 };
    case 2:
      return { a: Object.defineProperty({}, "b", { enumerable: true, get: boom }), z: 2 };
    case 3:
      return { a: new Proxy({}, { ownKeys: boom }), z: 2 };
    default:
      return new Proxy({ a: 1 }, { get: boom });
  }
}
