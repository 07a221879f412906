/**
 * Fields of a line: keys that are known, and values of all kinds.
 *
 * @module
 */

import type { Line } from "../line/line.ts";
import { Piece } from "../line/piece.ts";
import { writeValue } from "../line/value.ts";
import type { LineSource } from "./line_source.ts";
import { markOf } from "./stringify.ts";
import type { Key } from "./style.ts";

/** Adds the members of an object. */
export function addFields(line: Line, state: LineSource, object: Record<string, unknown>): void {
  const { style } = state;
  // Most objects at a place have the same keys in the same order.
  let last: Key | undefined;
  let count = 0;
  for (const name in object) {
    // Not for each: most objects have few.
    if ((++count & 63) === 0 && line.isFull) break;
    let value;
    try {
      value = object[name];
    } catch (error) {
      value = failed(state, error);
    }
    if (value === undefined || !Object.prototype.hasOwnProperty.call(object, name)) continue;
    let key = last?.next;
    if (key === undefined || key.name !== name) {
      key = style.key(name);
      if (last !== undefined) last.next = key;
    }
    last = key;
    // What most values are, without one more call.
    if (key.isPlain && typeof value === "string") line.text(key.quoted, value);
    else if (key.isPlain && typeof value === "number" && value - value === 0) {
      line.numeral(key.piece, value);
    } else addField(line, state, key, value);
  }
}

/** Adds those members of an object that an event has. */
export function addMembers(
  line: Line,
  state: LineSource,
  keys: readonly Key[],
  object: Record<string, unknown>,
): void {
  for (let i = 0; i < keys.length; i++) {
    const value = memberOf(state, object, keys[i].name);
    if (value !== undefined) addField(line, state, keys[i], value);
  }
}

/** A member of an object. What its getter throws stands in its place, and is reported. */
export function memberOf(
  state: LineSource,
  object: Record<string, unknown>,
  name: string,
): unknown {
  try {
    return object[name];
  } catch (error) {
    return failed(state, error);
  }
}

/** All members of an object, whatever throws. */
export function membersOf(
  state: LineSource,
  object: Record<string, unknown>,
): Record<string, unknown> {
  try {
    const names = Object.keys(object ?? {});
    return Object.fromEntries(names.map((name) => [name, memberOf(state, object, name)]));
  } catch (error) {
    // A proxy that does not say which.
    return { loggerError: failed(state, error) };
  }
}

/** Adds the values of an event's fields. */
export function addValues(
  line: Line,
  state: LineSource,
  keys: readonly Key[],
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
  more: readonly unknown[] | undefined,
): void {
  const { length } = keys;
  if (length > 0 && a !== undefined) addField(line, state, keys[0], a);
  if (length > 1 && b !== undefined) addField(line, state, keys[1], b);
  if (length > 2 && c !== undefined) addField(line, state, keys[2], c);
  if (length > 3 && d !== undefined) addField(line, state, keys[3], d);
  for (let i = 4; i < length; i++) {
    const value = more?.[i];
    if (value !== undefined) addField(line, state, keys[i], value);
  }
}

/** Adds a field. */
export function addField(line: Line, state: LineSource, key: Key, value: unknown): void {
  if (!key.isPlain) return addFormed(line, state, key, value);
  if (typeof value === "string") return line.text(key.quoted, value);
  if (typeof value === "number" && value - value === 0) return line.numeral(key.piece, value);
  if (value === true) line.piece(key.yes ??= new Piece(`${key.piece.text}true`));
  else if (value === false) line.piece(key.no ??= new Piece(`${key.piece.text}false`));
  else addValue(line, state, key, value);
}

/** Adds a field. What its serializer throws stands in its place, and is reported. */
function addFormed(line: Line, state: LineSource, key: Key, given: unknown): void {
  const { serializer, stringifier } = key;
  let value = given;
  try {
    if (serializer !== undefined) value = serializer(value);
    if (stringifier !== undefined && isWritten(value)) {
      const isFinite = typeof value !== "number" || Number.isFinite(value);
      return addJson(line, key, stringifier(isFinite ? value : null));
    }
  } catch (error) {
    line.piece(key.piece);
    line.string(failed(state, error));
    return;
  }
  addValue(line, state, key, value);
}

function addValue(line: Line, state: LineSource, key: Key, value: unknown): void {
  if (!isWritten(value)) return;
  const before = line.length;
  try {
    line.piece(key.piece);
    if (!writeValue(line, value)) line.cut(before);
  } catch {
    // It has a cycle or a BigInt, or throws.
    line.cut(before);
    addJson(line, key, state.style.stringify(value));
  }
}

function isWritten(value: unknown): boolean {
  return value !== undefined && typeof value !== "function";
}

function addJson(line: Line, key: Key, json: string | undefined): void {
  if (json === undefined) return;
  line.piece(key.piece);
  line.raw(json);
}

function failed(state: LineSource, error: unknown): string {
  state.core.sink.report(error);
  return markOf(error);
}
