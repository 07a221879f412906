/**
 * Log records as lines for people.
 *
 * @module
 */

import type pc from "picocolors";
import type { LogLevel } from "../../records/level.ts";
import type { LogRecord } from "../../records/record.ts";
import { fractionOf, wholeMilliseconds } from "../../records/time.ts";
import { harmless, oneLine } from "./harmless.ts";

/** What makes text colored, or leaves it. */
export type Colors = ReturnType<typeof pc.createColors>;

/** What the logging libraries add to each line, and hardly anybody wants to see on each. */
export const HIDDEN: ReadonlySet<string> = new Set(["pid", "hostname"]);
/** Fields that are stacks: of winston, of OpenTelemetry. */
export const STACKS: ReadonlySet<string> = new Set(["stack", "exception.stacktrace"]);
const INDENT = "    ";
const DAY = 86400e3;
/** Of how many names of fields it is remembered how they look: programs have few, strangers any number. */
const MOST_LABELS = 1024;
/** Values that are shown as they are: one word without a character that has a meaning here. */
const WORD = /^[!#-<>-Z^-z|~]+$/;

/** Makes lines of records: time, level, logger, message, fields, and stacks below, indented. */
export class PrettyPrinter {
  readonly #colors: Colors;
  readonly #levels: Record<LogLevel, string>;
  readonly #labels = new Map<string, string>();
  readonly #clock = new Clock();

  /** Makes lines with, or without colors. */
  constructor(colors: Colors) {
    this.#colors = colors;
    this.#levels = {
      trace: colors.gray("TRACE"),
      debug: colors.blue("DEBUG"),
      info: colors.green("INFO "),
      warn: colors.yellow("WARN "),
      error: colors.red("ERROR"),
      fatal: colors.bold(colors.red("FATAL")),
    };
  }

  /** The lines of a record, without the last line end; perhaps without a place for its level. */
  print(
    { time, nanoseconds, level, logger, message, fields }: LogRecord,
    hasLevel: boolean = true,
  ): string {
    const colors = this.#colors;
    let line = time === undefined ? "" : this.time(time, nanoseconds);
    if (hasLevel) line += this.level(level);
    else line = line.slice(0, -1);
    if (logger !== undefined) line += ` ${colors.cyan(oneLine(logger))}`;
    if (message !== undefined) {
      // What is not the first line is indented, so that no message can pass for two records.
      const text = harmless(message.trimEnd());
      line += ` ${text.includes("\n") ? text.replaceAll("\n", `\n${INDENT}`) : text}`;
    }
    let stacks: string[] | undefined;
    for (const key in fields) {
      const value = fields[key];
      if (typeof value === "object") {
        for (const [name, part] of withoutStacks(key, value, stacks ??= [])) {
          line += this.#field(name, part);
        }
      } else if (HIDDEN.has(key)) continue;
      else if (STACKS.has(key) && typeof value === "string") (stacks ??= []).push(value);
      else line += this.#field(key, value);
    }
    for (const stack of stacks ?? []) {
      for (const below of stack.trimEnd().split("\n")) {
        line += `\n${colors.gray(`${INDENT}${harmless(below)}`)}`;
      }
    }
    // Without a time and a level nothing is before it.
    return hasLevel || time !== undefined ? line : line.slice(1);
  }

  /** What a line begins with: the time, and a space. */
  time(time: number, nanoseconds?: number): string {
    return `${this.#colors.gray(this.#clock.show(time, nanoseconds))} `;
  }

  /** What stands in the place of the level. */
  level(level: LogLevel | undefined): string {
    return level === undefined ? "-    " : this.#levels[level];
  }

  /** What stands before the value of a field. */
  label(name: string): string {
    let label = this.#labels.get(name);
    if (label === undefined) {
      if (this.#labels.size >= MOST_LABELS) this.#labels.clear();
      label = ` ${this.#colors.gray(`${oneLine(name)}=`)}`;
      this.#labels.set(name, label);
    }
    return label;
  }

  #field(name: string, value: unknown): string {
    return this.label(name) + formatValue(value);
  }
}

/** Times of the day here, as exact as they are known; with the date unless it is of today. */
class Clock {
  // Lines of one second come together, and what the engine takes to say it is long.
  #second = NaN;
  #shown = "";

  show(time: number, nanoseconds: number | undefined): string {
    const whole = nanoseconds === undefined && Number.isInteger(time)
      ? time
      : wholeMilliseconds(time, nanoseconds);
    const second = Math.floor(whole / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#shown = formatSecond(new Date(whole));
    }
    if (nanoseconds !== undefined || whole !== time) {
      return `${this.#shown}.${fractionOf(time, nanoseconds)}`;
    }
    const milliseconds = whole - second * 1000;
    return `${this.#shown}.${
      milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
    }${milliseconds}`;
  }
}

/** The fields of an error but for its stack, which goes below; else the field as it is. */
function withoutStacks(
  key: string,
  value: unknown,
  stacks: string[],
  depth = 0,
): [string, unknown][] {
  if (!isError(value) || depth > 8) return [[key, value]];
  const { stack, message, name, type, cause, ...rest } = value;
  const kind = typeof type === "string" ? type : name;
  // What is no text is no message, but a field like others.
  if (message !== undefined && typeof message !== "string") rest.message = message;
  const isThere = typeof message !== "string" || stack.includes(message) ||
    // What pino makes of causes: their messages joined, and their stacks, too.
    stack.includes(message.split(":")[0]);
  const head = typeof kind === "string" ? `${kind}: ` : "";
  const whole = isThere ? stack : `${head}${message}\n${stack}`;
  stacks.push(depth > 0 ? `caused by: ${whole}` : whole);
  const fields = Object.entries(rest).map(([name, part]): [string, unknown] => [
    `${key}.${name}`,
    part,
  ]);
  if (cause !== undefined) fields.push(...withoutStacks(`${key}.cause`, cause, stacks, depth + 1));
  return fields;
}

function isError(value: unknown): value is Record<string, unknown> & { stack: string } {
  return typeof value === "object" && value !== null && "stack" in value &&
    typeof value.stack === "string";
}

function formatValue(value: unknown): string {
  if (typeof value === "string") {
    if (WORD.test(value)) return value;
    return /^[^\s"=\\{}[\]]+$/.test(value) ? harmless(value) : oneLine(JSON.stringify(value));
  }
  // As JSON has it, where that is no other text.
  if (Number.isSafeInteger(value) || typeof value === "boolean") return String(value);
  return oneLine(JSON.stringify(value) ?? "");
}

function formatSecond(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${
    two(date.getDate())
  } `;
  const midnight = new Date().setHours(0, 0, 0, 0);
  const isToday = date.getTime() >= midnight && date.getTime() < midnight + DAY;
  return `${isToday ? "" : day}${two(date.getHours())}:${two(date.getMinutes())}:${
    two(date.getSeconds())
  }`;
}
