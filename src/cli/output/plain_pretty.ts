/**
 * Records of pino, and what looks like them, as lines for people, from bytes to bytes: those that have
 * nothing nested, and nothing but plain ASCII.
 *
 * @module
 */

import { LEVELS } from "../../records/level.ts";
import { FlatLine, NUMBER, STRING, WORD } from "../../records/look/flat_line.ts";
import { LEVEL, LOGGER, MESSAGE, TIME } from "../../records/recognize.ts";
import type { LineBytes } from "./line_bytes.ts";
import { copy } from "./plain_json.ts";
import { HIDDEN, type PrettyPrinter, STACKS } from "./pretty.ts";

const encoder = new TextEncoder();
const SPACE = 0x20;
const LINE_FEED = 10;
const ZERO = 0x30;
/** Digits of the milliseconds of these days, and of their seconds. */
const TIME_DIGITS = 13;
const SECOND_DIGITS = 10;
/** What is longer takes its time in any case. */
const LONGEST = 16384;

/** Names that have a meaning which is found out elsewhere. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...TIME,
  ...LEVEL,
  ...MESSAGE,
  ...LOGGER,
  ...STACKS,
  ...["name", "log", "properties", "severityNumber", "timeUnixNano", "observedTimeUnixNano"],
  "resourceLogs",
]);
const [TIME_NAME, LEVEL_NAME, MESSAGE_NAME, HIDDEN_NAME] = ["time", "level", "msg", "hidden"];
/** What a name means, or its label. */
type Meaning = string | Uint8Array;

/** Bytes that a string may have, 2 of them only in quotes. */
const KINDS = new Uint8Array(256).fill(1).fill(0, 0x20, 0x7f);
for (const character of ' "=\\{}[]') KINDS[character.charCodeAt(0)] = 2;

/** Makes the lines of such records that a `PrettyPrinter` makes of them. */
export class PlainPretty {
  readonly #printer: PrettyPrinter;
  readonly #line: FlatLine<Meaning>;
  readonly #levels: readonly Uint8Array[];
  readonly #levelNames = LEVELS.map((level) => encoder.encode(level));
  readonly #noLevel: Uint8Array;
  /** The last second, as digits and as it is shown, and where its milliseconds are in that. */
  readonly #second = new Uint8Array(SECOND_DIGITS);
  #shown = new Uint8Array(0);
  #millisecondsAt = 0;
  /** The most bytes of labels and the like in a line. */
  #longestLabel = 64;

  constructor(printer: PrettyPrinter) {
    this.#printer = printer;
    this.#levels = LEVELS.map((level) => encoder.encode(printer.level(level)));
    this.#noLevel = encoder.encode(printer.level(undefined));
    this.#line = new FlatLine((name) => this.#meaningOf(name));
  }

  /** Writes the line of the record that is at a place in `bytes`; `false`, and nothing, if it is not such a one. */
  print(lines: LineBytes, bytes: Uint8Array, start: number, end: number): boolean {
    const line = this.#line;
    if (end - start > LONGEST || !line.read(bytes, start, end)) return false;
    const { count, meanings, kinds, starts, ends } = line;
    let time = -1;
    let level = -1;
    let message = -1;
    for (let i = 0; i < count; i++) {
      const meaning = meanings[i];
      if (meaning === TIME_NAME) time = i;
      else if (meaning === LEVEL_NAME) level = i;
      else if (meaning === MESSAGE_NAME) message = i;
      // What is null there is shown.
      else if (meaning === HIDDEN_NAME && kinds[i] === WORD) return false;
    }
    if (time < 0 && level < 0) return false;
    const label = level < 0 ? this.#noLevel : this.#levelAt(bytes, level);
    if (label === undefined) return false;
    if (time >= 0 && !this.#findSecond(bytes, time)) return false;
    lines.room(end - start + (count + 3) * this.#longestLabel);
    const out = lines.bytes;
    let at = lines.length;
    if (time >= 0) {
      const milliseconds = at + this.#millisecondsAt;
      at = copy(this.#shown, out, at);
      const from = starts[time] + SECOND_DIGITS;
      for (let i = 0; i < 3; i++) out[milliseconds + i] = bytes[from + i];
    }
    at = copy(label, out, at);
    if (message >= 0) {
      const to = ends[message];
      // What is no text is no message; spaces at its end are not shown.
      if (kinds[message] !== STRING || bytes[to - 1] === SPACE) return false;
      out[at++] = SPACE;
      for (let from = starts[message]; from < to; from++) {
        const byte = bytes[from];
        if (KINDS[byte] === 1) return false;
        out[at++] = byte;
      }
    }
    for (let i = 0; i < count; i++) {
      const meaning = meanings[i];
      if (typeof meaning === "string") continue;
      at = copy(meaning, out, at);
      const from = starts[i];
      const to = ends[i];
      if (kinds[i] !== STRING) {
        for (let place = from; place < to; place++) out[at++] = bytes[place];
        continue;
      }
      // Some are shown in quotes, as they stand there.
      let kind = from === to ? 2 : 0;
      const begin = at;
      for (let place = from; place < to; place++) {
        const byte = bytes[place];
        kind |= KINDS[byte];
        out[at++] = byte;
      }
      if ((kind & 1) !== 0) return false;
      if (kind === 0) continue;
      at = begin;
      for (let place = from - 1; place <= to; place++) out[at++] = bytes[place];
    }
    out[at++] = LINE_FEED;
    lines.length = at;
    return true;
  }

  #meaningOf(name: string): Meaning | undefined {
    if ([TIME_NAME, LEVEL_NAME, MESSAGE_NAME].includes(name)) return name;
    if (ELSEWHERE.has(name)) return undefined;
    if (HIDDEN.has(name)) return HIDDEN_NAME;
    const label = encoder.encode(this.#printer.label(name));
    this.#longestLabel = Math.max(this.#longestLabel, label.length + 2);
    return label;
  }

  /** The label of a level that is one of pino's six numbers, or one of the six names. */
  #levelAt(bytes: Uint8Array, field: number): Uint8Array | undefined {
    const { kinds, starts, ends } = this.#line;
    const [start, end] = [starts[field], ends[field]];
    if (kinds[field] === NUMBER) {
      const digit = bytes[start] - ZERO;
      const isTens = end - start === 2 && bytes[start + 1] === ZERO;
      return isTens ? this.#levels[digit - 1] : undefined;
    }
    if (kinds[field] !== STRING) return undefined;
    const index = this.#levelNames.findIndex((name) =>
      name.length === end - start && name.every((byte, i) => bytes[start + i] === byte)
    );
    return this.#levels[index];
  }

  /** Makes the second of a time the last one; `false` if it is no number of milliseconds. */
  #findSecond(bytes: Uint8Array, field: number): boolean {
    const { kinds, starts, ends } = this.#line;
    const start = starts[field];
    if (kinds[field] !== NUMBER || ends[field] - start !== TIME_DIGITS) return false;
    let seconds = 0;
    for (let i = 0; i < TIME_DIGITS; i++) {
      const digit = bytes[start + i] - ZERO;
      // A minus, or a point: of seconds with a fraction the first digits may be those of the last one.
      if (digit < 0 || digit > 9) return false;
      if (i < SECOND_DIGITS) seconds = 10 * seconds + digit;
    }
    const second = this.#second;
    let isSame = true;
    for (let i = 0; i < SECOND_DIGITS; i++) isSame &&= bytes[start + i] === second[i];
    if (isSame) return true;
    second.set(bytes.subarray(start, start + SECOND_DIGITS));
    const shown = this.#printer.time(1000 * seconds);
    this.#shown = encoder.encode(shown);
    this.#millisecondsAt = encoder.encode(shown.slice(0, shown.lastIndexOf(".") + 1)).length;
    return true;
  }
}
