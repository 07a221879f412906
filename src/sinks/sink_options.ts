/**
 * What all sinks can be told, and what they write to.
 *
 * @module
 */

import type { LogTarget } from "../shm_log/target.ts";
import type { ShmLogWriterOptions } from "../shm_log/writer_options.ts";

/** Less than this has no room for marks, in bytes. */
const LEAST_ENTRY_SIZE = 128;

/** What a sink writes to: a `ShmLogWriter`, or a `Writer` on any memory. */
export interface EntryWriter {
  /** The size of the largest payload in bytes. */
  readonly maxEntrySize: number;
  /** The size of a chunk in bytes. */
  readonly chunkSize: number;
  /** Writes one entry. */
  write(data: Uint8Array | string): number;
  /** Writes several entries that become visible at once. */
  writeMany(entries: readonly (Uint8Array | string)[]): number;
  /** Writes a file's bytes to its disk. */
  flush?(): void;
}

/** What all sinks can be told. */
export interface EntrySinkOptions {
  /**
   * What to do with a line that is larger than `maxEntrySize`. `"truncate"`: the entry says how many
   * bytes are missing; a JSON object stays one, with its small members as they were and the large
   * ones cut, and has a member `truncatedBytes`. `"split"`: several entries, which `joinParts` puts
   * together; a line larger than a quarter of the log (an eighth, where parts are short) is
   * truncated before. Default `"truncate"`.
   */
  oversized?: "truncate" | "split";
  /**
   * The size of the largest entry in bytes, from 128 to what the log has room for. Default: the
   * size of a chunk, but no more than an eighth of the log, so that one huge line does not wipe out
   * all others.
   */
  maxEntrySize?: number;
  /**
   * Is told of every error: what a formatter throws, a writer that was closed. The logging call
   * itself never throws. What this throws is ignored. So that it may log where it failed, errors
   * are only counted while it is at work (if it gives a promise, until that is settled), and beyond
   * a hundred in a turn of the event loop. Default: the first error of the sink is printed as a
   * warning of the process; the others are only counted.
   */
  onError?: (error: unknown) => void;
  /**
   * Whether an error that nobody caught is logged, too, as the last line. How the process ends does
   * not change. On Bun, rejected promises are not reported. Default `false`.
   */
  uncaughtException?: boolean;
}

/**
 * Where a sink's lines go.
 *
 * With a `target` the sink opens the log, and closes it at the end. Other than those of a
 * `ShmLogWriter`, its defaults are those of a flight recorder, which outlives its process (on
 * Windows in a file only): `ifExists: "resume"` and `unlinkOnClose: false`. With a `writer` that you
 * made, you close it.
 */
export type SinkTarget =
  | ({ target: LogTarget; writer?: undefined } & ShmLogWriterOptions)
  | { writer: EntryWriter; target?: undefined };

/** The options of all sinks. */
export type SinkOptions = EntrySinkOptions & SinkTarget;

/** Throws unless the options say where to write to, and how, as far as that can be told before. */
export function checkOptions(options: SinkOptions): void {
  const { target, writer, oversized = "truncate", onError } = options;
  if ((target === undefined) === (writer === undefined)) {
    throw new TypeError("a sink needs either a target or a writer");
  }
  if (oversized !== "truncate" && oversized !== "split") {
    throw new TypeError(`oversized is "${oversized}", but must be one of truncate, split`);
  }
  const { maxEntrySize = LEAST_ENTRY_SIZE } = options;
  // Before a log is made that would be left behind.
  if (!Number.isInteger(maxEntrySize) || maxEntrySize < LEAST_ENTRY_SIZE) {
    throw wrongSize(maxEntrySize, "what the log has room for");
  }
  if (onError !== undefined && typeof onError !== "function") {
    throw new TypeError(`onError must be a function, not ${typeof onError}`);
  }
}

/**
 * The size of the largest entry in bytes.
 *
 * @throws {RangeError} if it is not an integer from 128 to what the log has room for
 */
export function maxEntrySizeOf(options: EntrySinkOptions, writer: EntryWriter): number {
  const most = writer.maxEntrySize;
  if (most < LEAST_ENTRY_SIZE) {
    throw new RangeError(`the log's entries of ${most} bytes are too small for lines`);
  }
  const usual = Math.max(LEAST_ENTRY_SIZE, Math.min(writer.chunkSize, Math.floor(most / 8)));
  const { maxEntrySize = usual } = options;
  if (maxEntrySize <= most) return maxEntrySize;
  throw wrongSize(maxEntrySize, most);
}

function wrongSize(maxEntrySize: number, most: number | string): RangeError {
  return new RangeError(
    `maxEntrySize is ${maxEntrySize}, but must be an integer from ${LEAST_ENTRY_SIZE} to ${most}`,
  );
}
