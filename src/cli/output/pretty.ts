/**
 * Log records as lines for people.
 *
 * @module
 */

import type pc from "picocolors";
import type { LogLevel } from "../../records/level.ts";
import type { LogRecord } from "../../records/record.ts";
import { harmless, oneLine } from "./harmless.ts";

/** What makes text coloured, or leaves it. */
export type Colors = ReturnType<typeof pc.createColors>;

/** What the logging libraries add to each line, and hardly anybody wants to see on each. */
const HIDDEN = new Set(["pid", "hostname"]);
/** Fields that are stacks: of winston, of OpenTelemetry. */
const STACKS = new Set(["stack", "exception.stacktrace"]);
const INDENT = "    ";
const DAY = 86400e3;

/** Makes lines of records: time, level, logger, message, fields, and stacks below, indented. */
export class PrettyPrinter {
  readonly #colors: Colors;
  readonly #levels: Record<LogLevel, (text: string) => string>;

  /** Makes lines with, or without colours. */
  constructor(colors: Colors) {
    this.#colors = colors;
    this.#levels = {
      trace: colors.gray,
      debug: colors.blue,
      info: colors.green,
      warn: colors.yellow,
      error: colors.red,
      fatal: (text) => colors.bold(colors.red(text)),
    };
  }

  /** The lines of a record, without the last line end. */
  print({ time, level, logger, message, fields }: LogRecord): string {
    const colors = this.#colors;
    const words: string[] = [];
    const stacks: string[] = [];
    if (time !== undefined) words.push(colors.gray(formatTime(time)));
    words.push(level ? this.#levels[level](level.toUpperCase().padEnd(5)) : "-    ");
    if (logger !== undefined) words.push(colors.cyan(oneLine(logger)));
    if (message !== undefined) {
      // What is not the first line is indented, so that no message can pass for two records.
      words.push(harmless(message.trimEnd()).replaceAll("\n", `\n${INDENT}`));
    }
    for (const key in fields) {
      const value = fields[key];
      if (HIDDEN.has(key) && typeof value !== "object") continue;
      if (STACKS.has(key) && typeof value === "string") stacks.push(value);
      else {for (const [name, part] of withoutStacks(key, value, stacks)) {
          words.push(`${colors.gray(`${oneLine(name)}=`)}${formatValue(part)}`);
        }}
    }
    const below = stacks.flatMap((stack) => stack.trimEnd().split("\n"));
    return [
      words.join(" "),
      ...below.map((line) => colors.gray(`${INDENT}${harmless(line)}`)),
    ].join("\n");
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
    return /^[^\s"=\\{}[\]]+$/.test(value) ? harmless(value) : oneLine(JSON.stringify(value));
  }
  return oneLine(JSON.stringify(value) ?? "");
}

/** The time of the day here, in milliseconds; with the date unless it is of today. */
function formatTime(time: number): string {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${
    two(date.getDate())
  } `;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const midnight = new Date().setHours(0, 0, 0, 0);
  const isToday = time >= midnight && time < midnight + DAY;
  return `${isToday ? "" : day}${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
