/**
 * Logs of many machines, received into a local log.
 *
 * @module
 */

import { callback, type Checks } from "../base/options.ts";
import { parseSize } from "../base/sizes.ts";
import { SegmentExistsError } from "../errors.ts";
import { segmentSize } from "../log/layout.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { ShmLogWriter } from "../log/native/shm_log_writer.ts";
import { withoutIfExists } from "../log/native/takeover.ts";
import { describeTarget, type LogTarget, unlinkMemory } from "../log/native/target.ts";
import { type ShmLogWriterOptions, shmWriterChecks } from "../log/native/writer_options.ts";
import type { LogSource } from "./message.ts";
import { type OriginRecord, originTarget, parseOrigin } from "./origin.ts";
import { OriginWriter } from "./origin_writer.ts";
import type { ReceivedItem, ReceiveSummary } from "./received.ts";
import type { Reception } from "./reception.ts";

/** The least shape of an origin log: whatever a stranger calls his logs, a table of them fits. */
const ORIGIN_CHUNK_SIZE = 1 << 18;
const ORIGIN_CHUNK_COUNT = 4;

/** How the local log is made, and what is reported about it. */
export interface IntoOptions {
  /**
   * The size of each of both logs in all: bytes, or text like `"64MiB"`; the origin log has at least 1 MiB.
   * Not together with `chunkSize`. Default 16 MiB, less for the local log if memory is limited. Logs that are
   * there and have another size are made again with as many of their entries as fit.
   */
  size?: number | string;
  /** The size of a chunk of both logs in bytes; of the origin log at least 256 KiB. Default 1 MiB. */
  chunkSize?: number;
  /** The number of chunks of both logs; of the origin log at least 4. Default 16. */
  chunkCount?: number;
  /** The permission bits of both logs. Default 0o600. */
  mode?: number;
  /** Whether to wake readers of the local log that sleep. Default `false`. */
  notify?: boolean;
  /** Called once with what the local log had lost, or has of which its origin log knows nothing. */
  onResume?: (found: IntoFound) => void;
  /** Called with entries and gaps after they were written. */
  onItems?: (items: readonly ReceivedItem[], summary: IntoSummary) => void;
}

export const intoChecks: Checks<IntoOptions> = {
  size: shmWriterChecks.size,
  chunkSize: shmWriterChecks.chunkSize,
  chunkCount: shmWriterChecks.chunkCount,
  mode: shmWriterChecks.mode,
  notify: shmWriterChecks.notify,
  onResume: callback,
  onItems: callback,
};

/** What there was of a local log that is continued. */
export interface IntoFound {
  /** The number of its last entry; 0 if it is new. */
  readonly lastSequenceNumber: number;
  /** How many logs the entries are from. */
  readonly sources: number;
  /** How many entries it had lost with its machine: they are missing if they were acknowledged. */
  readonly missing: number;
  /** How many entries it has of which nothing says where they are from. */
  readonly untold: number;
}

/** What was received into a local log so far. */
export interface IntoSummary extends ReceiveSummary {
  /** How many entries were too large for the local log, and are gaps in its origin log. */
  readonly tooLarge: number;
  /** The number of the last entry of the local log. */
  readonly lastSequenceNumber: number;
}

/**
 * Writes what is received into a local log, and beside it where it is from.
 *
 * @param receptionAfter what is to be received after the last number of each log that is there already
 * @throws {WriterLockedError} if another process writes one of the two logs
 */
export async function writeInto(
  target: LogTarget,
  { size, chunkSize, chunkCount, mode, notify, onResume, onItems }: IntoOptions,
  receptionAfter: (lasts: Iterable<readonly [LogSource, number]>) => Reception,
): Promise<IntoSummary> {
  const options: ShmLogWriterOptions = { mode, unlinkOnClose: false };
  // First the origin log: a program that waits for the other one finds it.
  using origin = ShmLogWriter.create(originTarget(target), {
    ...options,
    ...originShape({ size, chunkSize, chunkCount }),
  });
  using log = openLog(target, { ...options, size, chunkSize, chunkCount, notify }, origin);
  const writer = originWriterOf(target, log, origin);
  const { lasts } = writer;
  const lastSequenceNumber = log.totalEntriesWritten;
  onResume?.({ lastSequenceNumber, sources: lasts.length, ...writer.found });
  const reception = receptionAfter(lasts);
  const summary = () => ({
    ...reception.summary,
    tooLarge: writer.tooLarge,
    lastSequenceNumber: log.totalEntriesWritten,
  });
  for await (const items of reception.batches()) {
    writer.write(items);
    onItems?.(items, summary());
  }
  writer.close();
  return summary();
}

/** The shape of the origin log beside a log of that shape. */
function originShape({ size, chunkSize = 1 << 20, ...more }: IntoOptions): ShmLogWriterOptions {
  const chunkCount = Math.max(more.chunkCount ?? 16, ORIGIN_CHUNK_COUNT);
  if (size === undefined) {
    return { chunkSize: Math.max(chunkSize, ORIGIN_CHUNK_SIZE), chunkCount };
  }
  const bytes = typeof size === "string" ? parseSize(size)! : size;
  const least = segmentSize(ORIGIN_CHUNK_COUNT, ORIGIN_CHUNK_SIZE);
  return bytes < segmentSize(chunkCount, ORIGIN_CHUNK_SIZE)
    ? { size: Math.max(bytes, least), chunkCount: ORIGIN_CHUNK_COUNT }
    : { size: bytes, chunkCount };
}

/** Opens the local log, or makes it; leaves no origin log behind that is beside nothing. */
function openLog(
  target: LogTarget,
  options: ShmLogWriterOptions,
  origin: ShmLogWriter,
): ShmLogWriter {
  try {
    return ShmLogWriter.create(target, options);
  } catch (error) {
    if (origin.totalEntriesWritten === 0) unlinkMemory(originTarget(target));
    if (error instanceof SegmentExistsError) error.message = withoutIfExists(error);
    throw error;
  }
}

function originWriterOf(target: LogTarget, log: ShmLogWriter, origin: ShmLogWriter): OriginWriter {
  using reader = ShmLogReader.open(target);
  const { device, inode, created } = reader.position;
  const place = originTarget(target);
  using entries = ShmLogReader.open(place, { strategy: "oldest", onDamage: "skip" });
  const records: OriginRecord[] = [];
  for (const { text } of entries) {
    const record = parseOrigin(text);
    if (record !== undefined) records.push(record);
  }
  try {
    const reach = (origin.chunkCount - 1) * origin.chunkSize;
    return new OriginWriter({ log, into: { device, inode, created }, origin, reach, records });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${describeTarget(place)}: ${error.message}`, { cause: error });
  }
}
