/**
 * Logs of many machines, out of a stream of NATS JetStream into a local log.
 *
 * @module
 */

import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { ShmLogReader } from "../../../log/native/shm_log_reader.ts";
import { describeTarget, type LogTarget } from "../../../log/native/target.ts";
import { ShmLogWriter } from "../../../log/native/shm_log_writer.ts";
import type { ShmLogWriterOptions } from "../../../log/native/writer_options.ts";
import { originRecords, originTarget } from "../../origins.ts";
import { type OriginStep, OriginWriter } from "../../origin_writer.ts";
import type { ReceivedItem, ReceiveSummary } from "../../received.ts";
import type { ReceiveOptions } from "./receive_options.ts";
import { Reception } from "../../reception.ts";
import { subjectToken } from "./subject.ts";
import { callback, checkOptions } from "../../../base/options.ts";
import { shmWriterChecks } from "../../../log/native/writer_options.ts";
import { receiveChecks } from "./receive_options.ts";

/** The least shape of an origin log: whatever a stranger calls his logs, a table of them fits. */
const ORIGIN_CHUNK_SIZE = 1 << 18;
const ORIGIN_CHUNK_COUNT = 4;

/** What to receive, from where, and how the local log is made. */
export interface ReceiveIntoOptions extends Omit<ReceiveOptions, "state"> {
  /**
   * The name of the durable consumer. Default: made of the names of this machine, of the local log and
   * of the subject.
   */
  consumer?: string;
  /**
   * The size of a chunk of both logs in bytes; of the origin log at least 256 KiB. Default 1 MiB. Logs
   * that are there keep theirs.
   */
  chunkSize?: number;
  /** The number of chunks of both logs; of the origin log at least 4. Default 16. */
  chunkCount?: number;
  /** The permission bits of both logs. Default 0o600. */
  mode?: number;
  /** Whether to wake readers of the local log that sleep. Default `false`. */
  notify?: boolean;
  /** Told once what the local log had lost, or has of which its origin log knows nothing. */
  onResume?: (found: IntoFound) => void;
  /** Told of entries and gaps after they were written. */
  onItems?: (items: readonly ReceivedItem[], summary: IntoSummary) => void;
}

/** What there was of a local log that is gone on with. */
export interface IntoFound {
  /** The number of its last entry; 0 if it is new. */
  readonly lastSequenceNumber: number;
  /** How many logs the entries are from. */
  readonly sources: number;
  /** How many entries it had lost with its machine: they are missing if they were acknowledged. */
  readonly missing: number;
  /** How many entries it has of which nobody knows where they are from. */
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
 * Receives into a local log, with their bytes as they are, what forwarders have put into a stream: the
 * entries of each log in their order, and each exactly once, even if this process is killed at any
 * moment and started again. Where they are from is in a second log beside it, `NAME.origin`, which
 * `readOrigins()` understands; there are the gaps, too. Both logs stay when it ends.
 *
 * @param target the local log: a name like `"/all"`, or `{ path }` for a file
 * @returns what was received, when `signal` is aborted or, with `follow: false`, at the end
 * @throws {StreamUnusableError} if there is no such stream, or somebody else uses the consumer
 * @throws {NatsRefusedError} if the server does not let us in
 * @throws {WriterLockedError} if another process writes one of the two logs
 * @throws {OuroborosError} what {@linkcode ShmLogWriter.create} throws
 * @throws {RangeError} if a number or a name is not usable
 *
 * @example
 * ```typescript
 * import { readOrigins, receiveInto } from "@ouroboros/log/nats";
 *
 * const signal = AbortSignal.timeout(60_000);
 * const { entries } = await receiveInto("/all", { stream: "LOGS", subject: "logs.>", signal });
 * console.log(entries, readOrigins("/all").of(1)?.source.host);
 * ```
 */
export async function receiveInto(
  target: LogTarget,
  options: ReceiveIntoOptions,
): Promise<IntoSummary> {
  const { state: _, ...checks } = receiveChecks;
  checkOptions("receiveInto()", options, {
    ...checks,
    chunkSize: shmWriterChecks.chunkSize,
    chunkCount: shmWriterChecks.chunkCount,
    mode: shmWriterChecks.mode,
    notify: shmWriterChecks.notify,
    onResume: callback,
    onItems: callback,
  });
  const { chunkSize, chunkCount, mode, notify, onResume, onItems, ...others } = options;
  const consumer = options.consumer ?? consumerName(target, options.subject);
  const writerOptions: ShmLogWriterOptions = {
    ...chunkSize !== undefined && { chunkSize },
    ...chunkCount !== undefined && { chunkCount },
    ...mode !== undefined && { mode },
    ifExists: "resume",
    unlinkOnClose: false,
  };
  // Mistakes come to light before logs are made.
  new Reception({ ...others, consumer });
  using log = ShmLogWriter.create(target, {
    ...writerOptions,
    ...notify !== undefined && { notify },
  });
  using origin = ShmLogWriter.create(originTarget(target), {
    ...writerOptions,
    chunkSize: Math.max(chunkSize ?? 1 << 20, ORIGIN_CHUNK_SIZE),
    chunkCount: Math.max(chunkCount ?? 16, ORIGIN_CHUNK_COUNT),
  });
  const writer = originWriterOf(target, log, origin);
  const lasts = [...writer.lasts()];
  const lastSequenceNumber = log.totalEntriesWritten;
  onResume?.({ lastSequenceNumber, sources: lasts.length, ...writer.found });
  const reception = new Reception({ ...others, consumer }, { lasts });
  const summary = () => ({
    ...reception.summary,
    tooLarge: writer.tooLarge,
    lastSequenceNumber: log.totalEntriesWritten,
  });
  for await (const items of reception.batches()) {
    writer.write(items.map(stepOf));
    onItems?.(items, summary());
  }
  writer.close();
  return summary();
}

function originWriterOf(
  target: LogTarget,
  log: ShmLogWriter,
  origin: ShmLogWriter,
): OriginWriter {
  using reader = ShmLogReader.open(target);
  const { device, inode, created } = reader.position;
  using records = ShmLogReader.open(originTarget(target), {
    strategy: "oldest",
    onDamage: "skip",
  });
  try {
    return new OriginWriter({
      log,
      into: { device, inode, created },
      origin,
      reach: (origin.chunkCount - 1) * origin.chunkSize,
      records: originRecords(records),
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${describeTarget(originTarget(target))}: ${error.message}`, {
      cause: error,
    });
  }
}

function stepOf(item: ReceivedItem): OriginStep {
  return item.kind === "entry"
    ? { source: item.source, from: item.sequenceNumber, bytes: item.bytes }
    : { source: item.source, from: item.from, to: item.to, reason: item.reason };
}

/** A name for what only this receiver uses. */
function consumerName(target: LogTarget, subject: string | undefined): string {
  const name = typeof target === "string" ? target : target.path;
  const parts = ["ouroboros", hostname(), name, ...subject === undefined ? [] : [subject]];
  // What becomes a token may be the same for several: they must not share a place.
  const difference = crc32(JSON.stringify(parts)).toString(16);
  return `${parts.map(subjectToken).join("-").slice(0, 200)}-${difference}`;
}
