/**
 * A record of LogTape as a line, in its default JSON format: made in the log itself where its values are
 * plain ones, as most are, and by LogTape's own formatter otherwise.
 *
 * @module
 */

import { getJsonLinesFormatter, type LogRecord } from "@logtape/logtape";
import { LONGEST_KEY, MOST_KEYS, pieceOf } from "../line/keys.ts";
import type { Line } from "../line/line.ts";
import { Lines } from "../line/lines.ts";
import { Piece } from "../line/piece.ts";
import { HIDDEN } from "./error_fields.ts";
import { showable } from "./showable.ts";
import { withoutNewline } from "./entry_sink.ts";

/** What LogTape escapes beyond what JSON asks for. */
const CONTROLS = /[\u007f-\u009f]/;

const MESSAGE = new Piece(',"message":');
const PROPERTIES = new Piece(',"properties":');
const TRUE = new Piece("true");
const FALSE = new Piece("false");
const NULL = new Piece("null");
const NOTHING = new Piece("{}");
const OPEN = 0x7b;
const CLOSE = 0x7d;

const format = getJsonLinesFormatter();

/** The keys of properties; undefined for one with something to escape. */
const keys = new Map<string, Piece | undefined>();
const levels = new Map<string, Piece>();
/** LogTape keeps the category of a logger. */
const categories = new WeakMap<readonly string[], Piece>();

let lastTime = NaN;
let lastHead = new Piece("");

/** Makes lines of records. */
export class LogTapeLines extends Lines<LogRecord> {
  constructor() {
    super((line, record) => {
      if (addPlain(line, record)) return;
      line.cut(0);
      line.raw(withoutNewline(format(record)));
    }, showableRecord);
  }
}

/** The record without what throws. LogTape makes a message, and copies properties, when they are asked for. */
export function showableRecord(record: LogRecord): LogRecord {
  const { message, properties, timestamp, ...shown } = showable(record) as LogRecord;
  return {
    ...shown,
    message: Array.isArray(message) ? message : [String(shown.rawMessage ?? HIDDEN)],
    properties: Object(properties) === properties ? properties : { properties: HIDDEN },
    timestamp: Number.isFinite(timestamp) ? timestamp : Date.now(),
  };
}

/** Adds a record whose values are plain ones. Returns false for another one. */
function addPlain(
  line: Line,
  { timestamp, level, message, category, properties }: LogRecord,
): boolean {
  const text = messageOf(message);
  if (text === undefined || !Number.isInteger(timestamp)) return false;
  const prototype = Object.getPrototypeOf(properties);
  if (prototype !== Object.prototype && prototype !== null) return false;
  line.piece(headOf(timestamp));
  line.piece(levels.get(level) ?? levelPiece(level));
  line.piece(MESSAGE);
  line.string(text);
  line.piece(categories.get(category) ?? categoryPiece(category));
  line.piece(PROPERTIES);
  if (!addProperties(line, properties)) return false;
  line.byte(CLOSE);
  return true;
}

function addProperties(line: Line, properties: Record<string, unknown>): boolean {
  const open = line.length;
  for (const name in properties) {
    if (!Object.hasOwn(properties, name)) continue;
    const value = properties[name];
    if (value === undefined) continue;
    const key = keys.get(name) ?? keyOf(name);
    if (key === undefined) return false;
    line.piece(key);
    switch (typeof value) {
      case "string":
        if (CONTROLS.test(value)) return false;
        line.string(value);
        break;
      case "number":
        if (Number.isFinite(value)) line.number(value);
        else line.piece(NULL);
        break;
      case "boolean":
        line.piece(value ? TRUE : FALSE);
        break;
      default:
        if (value !== null) return false;
        line.piece(NULL);
    }
  }
  if (line.length === open) line.piece(NOTHING);
  else {
    // In place of the first comma.
    line.put(open, OPEN);
    line.byte(CLOSE);
  }
  return true;
}

/** A message as LogTape shows it; undefined if there is more in it than text, numbers and the like. */
function messageOf(parts: readonly unknown[]): string | undefined {
  let text = "";
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (i % 2 === 0 && typeof part === "string") text += part;
    else if (i % 2 === 1 && (typeof part === "number" && Number.isFinite(part))) {
      text += String(part);
    } else if (i % 2 === 1 && typeof part === "string") text += JSON.stringify(part);
    else return undefined;
  }
  return CONTROLS.test(text) ? undefined : text;
}

function headOf(timestamp: number): Piece {
  if (timestamp !== lastTime) {
    lastHead = new Piece(`{"@timestamp":"${new Date(timestamp).toISOString()}"`);
    lastTime = timestamp;
  }
  return lastHead;
}

function levelPiece(level: string): Piece {
  const name = level === "warning" ? "WARN" : level.toUpperCase();
  const piece = new Piece(`,"level":${JSON.stringify(name)}`);
  levels.set(level, piece);
  return piece;
}

function categoryPiece(category: readonly string[]): Piece {
  const piece = new Piece(`,"logger":${escaped(JSON.stringify(category.join(".")))}`);
  categories.set(category, piece);
  return piece;
}

function keyOf(name: string): Piece | undefined {
  if (keys.has(name)) return undefined;
  const piece = CONTROLS.test(name) ? undefined : pieceOf(name);
  if (name.length > LONGEST_KEY) return piece;
  if (keys.size >= MOST_KEYS) keys.clear();
  keys.set(name, piece);
  return piece;
}

function escaped(json: string): string {
  return json.replace(
    new RegExp(CONTROLS, "g"),
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
