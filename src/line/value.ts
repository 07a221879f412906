/**
 * Any value as JSON, written into a line member by member, as `JSON.stringify` gives it.
 *
 * What has a cycle is found at once: on Node 26 and Deno 2.9 `JSON.stringify` takes 3 to 17 ms to find
 * one, on Bun 0.6 ms.
 *
 * @module
 */

import { roomyPieceOf } from "./keys.ts";
import type { Line } from "./line.ts";
import { Piece } from "./piece.ts";

/** Thrown where a value has a cycle. */
const CYCLE: Error = new Error("the value has a cycle");
/** Thrown where only `JSON.stringify` knows: a BigInt, or an object that is very deep. */
export const ODD: Error = new Error("the value is not written member by member");

/** From here on cycles are looked for: each gets there. */
const FIRST_LOOK = 3;
const MOST_DEPTH = 100;
/** How often it is asked whether a value is too large: each so many members and one. */
const LOOK = 63;
/** So many bytes take an element, `0,`, and a member, `"0":0,`, at least. */
const LEAST_ELEMENT = 2;
const LEAST_MEMBER = 6;

const TRUE = new Piece("true");
const FALSE = new Piece("false");
const NULL = new Piece("null");
const EMPTY_OBJECT = new Piece("{}");
const EMPTY_ARRAY = new Piece("[]");

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// deno-lint-ignore no-explicit-any
type Any = any;

/**
 * Adds a value, as much of it as may be kept in an entry.
 *
 * @returns whether there is something to add: JSON has no text for undefined, functions and symbols
 * @throws what a getter or `toJSON()` throws, {@linkcode CYCLE} or {@linkcode ODD}; then a part of it may
 * be in the line
 */
export function writeValue(line: Line, value: unknown): boolean {
  line.beginValue();
  return write(line, value, "");
}

function write(line: Line, value: Any, key: string): boolean {
  switch (typeof value) {
    case "string":
      line.string(value);
      return true;
    case "number":
      if (Number.isFinite(value)) line.number(value);
      else line.piece(NULL);
      return true;
    case "boolean":
      line.piece(value ? TRUE : FALSE);
      return true;
    case "object": {
      if (value === null) {
        line.piece(NULL);
        return true;
      }
      const { toJSON } = value;
      return typeof toJSON === "function"
        ? writeMade(line, toJSON.call(value, key))
        : writeObject(line, value);
    }
    case "function": {
      const { toJSON } = value;
      return typeof toJSON === "function" && writeMade(line, toJSON.call(value, key));
    }
    case "bigint":
      throw ODD;
    default:
      return false;
  }
}

/** Adds what `toJSON()` gave, whose own `toJSON()` is not called. */
function writeMade(line: Line, value: unknown): boolean {
  if (typeof value === "object" && value !== null) return writeObject(line, value);
  return typeof value !== "function" && write(line, value, "");
}

function writeObject(line: Line, object: object): boolean {
  if (line.depth >= FIRST_LOOK) {
    if (line.ancestors.lastIndexOf(object, line.depth - 1) >= 0) throw CYCLE;
    if (line.depth > MOST_DEPTH) throw ODD;
  }
  if (Array.isArray(object)) writeElements(line, object);
  else if (line.surplus >= 2) line.piece(EMPTY_OBJECT);
  else if (Object.getPrototypeOf(object) === Object.prototype) writeMembers(line, object);
  else if (isMembers(object)) writeNamed(line, object, Object.keys(object));
  else {
    const json = JSON.stringify(shortened(line, object));
    if (json === undefined) return false;
    line.raw(json);
  }
  return true;
}

function writeElements(line: Line, array: readonly unknown[]): void {
  const { length } = array;
  if (length === 0 || line.surplus >= 1) {
    line.omitted += LEAST_ELEMENT * length;
    return line.piece(EMPTY_ARRAY);
  }
  line.ancestors[line.depth++] = array;
  const open = line.length;
  for (let i = 0; i < length; i++) {
    if ((i & LOOK) === LOOK && line.surplus >= 1) {
      line.omitted += LEAST_ELEMENT * (length - i);
      break;
    }
    line.byte(COMMA);
    if (!write(line, array[i], String(i))) line.piece(NULL);
  }
  // In place of the first comma.
  line.put(open, OPEN_ARRAY);
  line.byte(CLOSE_ARRAY);
  leave(line);
}

/** Adds a plain object, without a list of its keys. */
function writeMembers(line: Line, object: Any): void {
  line.ancestors[line.depth++] = object;
  const open = line.length;
  let count = 0;
  for (const name in object) {
    if ((++count & LOOK) === 0 && line.surplus >= 2) break;
    if (Object.prototype.hasOwnProperty.call(object, name)) writeMember(line, object[name], name);
  }
  close(line, open);
}

/** Adds any other one: to go through all keys that it inherits is slow. */
function writeNamed(line: Line, object: Any, names: readonly string[]): void {
  line.ancestors[line.depth++] = object;
  const open = line.length;
  for (let i = 0; i < names.length; i++) {
    if ((i & LOOK) === LOOK && line.surplus >= 2) break;
    writeMember(line, object[names[i]], names[i]);
  }
  close(line, open);
}

function writeMember(line: Line, value: unknown, name: string): void {
  if (value === undefined) return;
  const before = line.length;
  const piece = roomyPieceOf(name);
  if (piece !== undefined) line.piece(piece);
  else {
    line.byte(COMMA);
    line.string(name);
    line.byte(COLON);
  }
  if (!write(line, value, name)) line.cut(before);
}

/** Keeps nothing alive that was logged. */
function leave(line: Line): void {
  line.ancestors[--line.depth] = undefined;
}

function close(line: Line, open: number): void {
  if (line.length === open) line.piece(EMPTY_OBJECT);
  else {
    // In place of the first comma.
    line.put(open, OPEN_OBJECT);
    line.byte(CLOSE_OBJECT);
  }
  leave(line);
}

/** What is left of an object that is too large for a line: of a typed array, its first elements. */
function shortened(line: Line, object: object): object {
  const most = line.limit / LEAST_MEMBER;
  if (!ArrayBuffer.isView(object) || object.byteLength <= most) return object;
  const { length } = object as Uint8Array;
  if (!(length > most)) return object;
  line.omitted += LEAST_MEMBER * (length - most);
  return (object as Uint8Array).subarray(0, most);
}

/** Whether an object is what its own members are: no number or text as an object, no buffer. */
function isMembers(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype) return true;
  if (prototype === null) {
    return !(JSON as { isRawJSON?(value: object): boolean }).isRawJSON?.(object);
  }
  if (ArrayBuffer.isView(object)) return false;
  switch (Object.prototype.toString.call(object)) {
    case "[object Number]":
    case "[object String]":
    case "[object Boolean]":
    case "[object BigInt]":
      return false;
    default:
      return true;
  }
}
