/**
 * The values of a field of a record, by the name that a question or an option has for it.
 *
 * @module
 */

import type { LogRecord } from "../record.ts";
import { LEVEL, LOGGER, MESSAGE, TIME } from "../recognize.ts";

/** What each record has in a place of its own, whatever its logging library calls it; and its log. */
export type Role = "time" | "level" | "message" | "logger" | "stream" | "log";

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ...TIME.map((name): [string, Role] => [name, "time"]),
  ...LEVEL.map((name): [string, Role] => [name, "level"]),
  ...MESSAGE.map((name): [string, Role] => [name, "message"]),
  ...LOGGER.map((name): [string, Role] => [name, "logger"]),
  // pino's and bunyan's.
  ["name", "logger"],
  ["stream", "stream"],
  ["log", "log"],
]);

/** So many dots may be in a name; the rest is the end of it. */
const MOST_PARTS = 12;
/** How deep values are nested that are looked into. */
const DEEPEST = 8;

/** A field. */
export class Field {
  readonly name: string;
  /** What it is, if its name is one of those that libraries have for that. */
  readonly role: Role | undefined;
  /** The parts of a nested name. */
  readonly parts: readonly string[];

  /** Takes the name; `req.url` is the `url` in `req`, or a field that is called so. */
  constructor(name: string) {
    this.name = name;
    this.role = ROLES.get(name);
    const parts = name.split(".");
    this.parts = parts.length <= MOST_PARTS
      ? parts
      : [...parts.slice(0, MOST_PARTS - 1), parts.slice(MOST_PARTS - 1).join(".")];
  }

  /**
   * Whether one of the values passes a test: the field of that name, all items of a list, and where the
   * record has no such field, what the name stands for (`msg` is the message). A text that is no record
   * is its own message. `log` is the name of the log that it is from.
   */
  some(
    record: LogRecord | undefined,
    text: string,
    test: (value: unknown) => boolean,
    log?: string,
  ): boolean {
    if (record === undefined) {
      const value = this.role === "message" ? text : this.role === "log" ? log : undefined;
      return value !== undefined && test(value);
    }
    let isThere = false;
    const found = (value: unknown): boolean => {
      isThere = true;
      return test(value);
    };
    if (
      this.parts.length === 1 ? one(record.fields, this.name, found) : this.#nested(record, found)
    ) {
      return true;
    }
    if (isThere || this.role === undefined) return false;
    const value = this.role === "log" ? log : record[this.role];
    return value !== undefined && test(value);
  }

  /** The first of the values; `undefined` if the record has no such field. */
  first(record: LogRecord | undefined, text: string, log?: string): unknown {
    let first: unknown;
    this.some(record, text, (value) => {
      first = value;
      return true;
    }, log);
    return first;
  }

  #nested(record: LogRecord, test: (value: unknown) => boolean): boolean {
    return within(record.fields, this.parts, 0, test);
  }
}

/** Looks for the parts from `at` on: dots may be in names, too. */
function within(
  object: unknown,
  parts: readonly string[],
  at: number,
  test: (value: unknown) => boolean,
): boolean {
  if (typeof object !== "object" || object === null) return false;
  if (Array.isArray(object)) return object.some((item) => within(item, parts, at, test));
  let name = "";
  for (let end = at; end < parts.length; end++) {
    name += end === at ? parts[end] : `.${parts[end]}`;
    if (!Object.hasOwn(object, name)) continue;
    const value = (object as Record<string, unknown>)[name];
    if (end === parts.length - 1 ? each(value, test) : within(value, parts, end + 1, test)) {
      return true;
    }
  }
  return false;
}

function one(fields: object, name: string, test: (value: unknown) => boolean): boolean {
  const value = (fields as Record<string, unknown>)[name];
  // The fields of a record have no prototype.
  return value !== undefined && each(value, test);
}

/** A value, or each item of a list. */
function each(value: unknown, test: (value: unknown) => boolean, depth = 0): boolean {
  if (!Array.isArray(value) || depth > DEEPEST) return test(value);
  return value.some((item) => each(item, test, depth + 1));
}

/** Whether a value, or one of those that are nested in it, passes a test. */
export function someIn(value: unknown, test: (value: unknown) => boolean, depth = 0): boolean {
  if (isPlain(value)) return test(value);
  if (depth > DEEPEST) return false;
  for (const key in value as object) {
    if (someIn((value as Record<string, unknown>)[key], test, depth + 1)) return true;
  }
  return false;
}

/** Whether a value is no list and no object. */
export function isPlain(value: unknown): boolean {
  return typeof value !== "object" || value === null || isRaw(value);
}

/** A number of many digits, as `JSON.parse()` leaves it where its digits matter. */
function isRaw(value: object): value is { rawJSON: string } {
  return (JSON as { isRawJSON?: (value: unknown) => boolean }).isRawJSON?.(value) ?? false;
}

/** The text of a plain value; JSON of others. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null) {
    return isRaw(value) ? value.rawJSON : JSON.stringify(value) ?? "";
  }
  return String(value);
}

/** The number that a value is, or that its text is; `undefined` for anything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "object" && value !== null && isRaw(value)) return Number(value.rawJSON);
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : undefined;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
