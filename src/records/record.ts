/**
 * What a line of a log says, whichever library wrote it.
 *
 * @module
 */

import type { CriStream } from "./cri.ts";
import type { LogLevel } from "./level.ts";

/** A line of a log, understood. */
export interface LogRecord {
  /** When, in milliseconds since 1970, with a fraction if the line is that exact. */
  time: number | undefined;
  /**
   * The nanoseconds within its millisecond, 0 to 999,999, if the line has them and the record is to be
   * shown: a `time` of these days is 250 ns exact.
   */
  nanoseconds?: number;
  /** How important. */
  level: LogLevel | undefined;
  /** What happened. */
  message: string | undefined;
  /** The logger: LogTape's category (its parts joined by dots), pino's name, OpenTelemetry's scope. */
  logger: string | undefined;
  /**
   * All the rest, in its order, but for what OpenTelemetry says of the process (`resource`); any name is only
   * a name.
   */
  fields: Record<string, unknown>;
  /** Where the program has written it, if that is known: in lines of container runtimes (CRI). */
  stream?: CriStream;
}

/** Has no properties. */
function Fields() {}
Fields.prototype = Object.freeze(Object.create(null));

/**
 * An object in which any name is only a name. V8 keeps those without a prototype as hash tables, which takes
 * several times as long: so this one inherits from an object that has nothing.
 */
export function noFields(): Record<string, unknown> {
  return new (Fields as unknown as new () => Record<string, unknown>)();
}
