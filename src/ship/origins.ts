/**
 * Where the entries of a local log come from, to be asked.
 *
 * @module
 */

import { OuroborosError, PermissionDeniedError } from "../errors.ts";
import { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { describeTarget, type LogTarget, openMemory } from "../log/native/target.ts";
import type { Collection } from "./collected.ts";
import { readCollection } from "./collection.ts";
import type { LogSource } from "./message.ts";
import { OriginHistory, originTarget, parseOrigin } from "./origin.ts";

/** Where an entry of a local log comes from. */
export interface EntryOrigin {
  /** The log that it was written to at first. */
  readonly source: LogSource;
  /** The number that it has there. */
  readonly sequenceNumber: number;
}

/** Entries that are in no message of the stream, or came to it too late. */
export interface MissingEntries {
  /** The log that they were written to. */
  readonly source: LogSource;
  /** The number of the first one there. */
  readonly from: number;
  /** The number of the last one. */
  readonly to: number;
  /** Why they are missing. */
  readonly reason: string;
  /** The number in the local log of the entry before which they are missing. */
  readonly before: number;
}

/** What tells it. */
interface Told {
  of(sequenceNumber: number): EntryOrigin | undefined;
  missing(): readonly MissingEntries[];
  close(): void;
}

/**
 * Where the entries of a local log come from, which `receiveInto()` writes beside it, as far as that
 * reaches back. It may be writing at this moment: what is asked for is read when it is asked for. A file
 * that `ouroboros save` or `watch` made of several logs says it itself.
 *
 * @example
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { Origins } from "@ouroboros/log/nats";
 *
 * using reader = ShmLogReader.open("/all");
 * using origins = Origins.open("/all");
 * for await (const entry of reader.follow()) {
 *   const { host, name } = origins.of(entry.sequenceNumber)?.source ?? { host: "?", name: "" };
 *   console.log(`${host}${name} ${entry.text}`);
 * }
 * ```
 */
export class Origins implements Disposable {
  readonly #told: Told;

  private constructor(told: Told) {
    this.#told = told;
  }

  /**
   * Opens what tells it.
   *
   * @param target the local log: a name like `"/all"`, or `{ path }` for a file
   * @throws {SegmentNotFoundError} if there is no such log, or nothing that tells: nobody received into it
   * @throws {PermissionDeniedError} if what is beside it belongs to another user than the log
   * @throws {OuroborosError} what {@linkcode ShmLogReader.open} throws
   */
  static open(target: LogTarget): Origins {
    const collection = typeof target === "string" ? undefined : readCollection(target.path);
    return new Origins(collection === undefined ? OriginRecords.open(target) : toldBy(collection));
  }

  /**
   * Where an entry of the local log is from; `undefined` if that is not known: what tells it is older
   * than the log, or was removed, or does not reach back as far.
   */
  of(sequenceNumber: number): EntryOrigin | undefined {
    return this.#told.of(sequenceNumber);
  }

  /** What is missing, in the order in which it was found out. */
  get missing(): readonly MissingEntries[] {
    return this.#told.missing();
  }

  /** Closes it: what was read stays known. */
  close(): void {
    this.#told.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function toldBy(collection: Collection): Told {
  const { sources, missing } = collection;
  return {
    of: (sequenceNumber) => collection.of(sequenceNumber),
    missing: () => missing.map(({ source, ...gap }) => ({ source: sources[source], ...gap })),
    close() {},
  };
}

/** The log that receivers write beside a local one. */
class OriginRecords implements Told {
  readonly #log: ShmLogReader;
  readonly #records: ShmLogReader;
  readonly #history: OriginHistory;
  #isClosed = false;
  /** The number of the last entry when the records were read: nothing else is known of it. */
  #last = 0;

  private constructor(log: ShmLogReader, records: ShmLogReader) {
    this.#log = log;
    this.#records = records;
    const { device, inode, created } = log.position;
    this.#history = new OriginHistory({ device, inode, created });
  }

  static open(target: LogTarget): OriginRecords {
    const records = ShmLogReader.open(originTarget(target), {
      strategy: "oldest",
      onDamage: "skip",
      copyMode: "auto",
    });
    try {
      // Else anybody could say of a log where its entries are from.
      if (ownerOf(originTarget(target)) !== ownerOf(target)) {
        throw new PermissionDeniedError(
          `${describeTarget(originTarget(target))} belongs to another user than the log`,
        );
      }
      return new OriginRecords(ShmLogReader.open(target, { copyMode: "auto" }), records);
    } catch (error) {
      records.close();
      throw error;
    }
  }

  of(sequenceNumber: number): EntryOrigin | undefined {
    if (sequenceNumber > this.#last) this.#read();
    const run = this.#history.runOf(sequenceNumber);
    const source = run && this.#history.names.get(run.source);
    return source && { source, sequenceNumber: run.from + sequenceNumber - run.first };
  }

  missing(): readonly MissingEntries[] {
    this.#read();
    return this.#history.gapsUpTo(this.#last).flatMap(({ source: id, ...gap }) => {
      const source = this.#history.names.get(id);
      return source === undefined ? [] : [{ source, ...gap }];
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#log.close();
    this.#records.close();
  }

  #read(): void {
    if (this.#isClosed) return;
    try {
      // First the number: the records of these entries were written before them.
      const last = this.#log.newestSequenceNumber();
      for (const entry of this.#records) {
        const record = parseOrigin(entry.text);
        if (record !== undefined) this.#history.add(record);
      }
      this.#last = last;
    } catch (error) {
      // Damaged, or cut: more than what was read is not to be known.
      if (!(error instanceof OuroborosError)) throw error;
      this.close();
    }
  }
}

/** The user who owns a log. */
function ownerOf(target: LogTarget): number {
  using memory = openMemory(target, "read");
  return memory.owner();
}
