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
  /** How important. */
  level: LogLevel | undefined;
  /** What happened. */
  message: string | undefined;
  /** The logger: LogTape's category (its parts joined by dots), pino's name, OpenTelemetry's scope. */
  logger: string | undefined;
  /**
   * All the rest, in its order, but for what OpenTelemetry says of the process (`resource`); without a
   * prototype, so that any name is only a name.
   */
  fields: Record<string, unknown>;
  /** Where the program has written it, if that is known: in lines of container runtimes (CRI). */
  stream?: CriStream;
}
