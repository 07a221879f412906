/**
 * One log of a set.
 *
 * @module
 */

import { OuroborosError } from "../../errors.ts";
import type { Entry } from "../entry.ts";
import type { OpenedLog } from "./opened_log.ts";
import { isShortOfDescriptors, unlessShort } from "./followed_log.ts";
import { ShmLogReader } from "./shm_log_reader.ts";
import type { LogTarget } from "./target.ts";

/** An entry of a set, with the log that it is from. */
export interface SetEntry {
  /** The name of its log, with its `/`, or the path of the file. */
  readonly name: string;
  /** The entry. */
  readonly entry: Entry;
  /** By which it is ordered, in milliseconds since 1970; `-Infinity` if nothing is known. */
  readonly time: number;
}

/** How many entries are taken at once, */
const MORE_ENTRIES = 4096;
/** and for how long at most, in milliseconds. */
const MORE_TIME = 20;
/** After how many of them to look at the clock. */
const CLOCK_EVERY = 64;
/** How often to look whether the log has its name, in milliseconds. */
const LOOK_INTERVAL = 250;

/**
 * A log of a {@linkcode LogSet}: what was read of it, and what is lost.
 *
 * @example
 * ```ts
 * import { LogSet, ShmLogWriter } from "@ouroboros/log";
 *
 * using writer = ShmLogWriter.create(`/doc-member-${process.pid}`, { size: "64KiB", unlinkOnClose: true });
 * writer.write("one");
 * using set = LogSet.open(writer.name);
 * const [member] = set.members;
 * console.log([...set.read()].length, member.name === writer.name); // 1 true
 * console.log(member.lastSequenceNumber, member.lostEntries, member.error); // 1 0 undefined
 * ```
 */
export class LogSetMember {
  /** Its name, with its `/`, or the path of the file. */
  readonly name: string;
  readonly #timeOf: (entry: Entry) => number | undefined;
  readonly #onError: (error: OuroborosError) => void;
  #reader: ShmLogReader | undefined;
  #error: OuroborosError | undefined;
  #lostBefore = 0;
  #time = -Infinity;
  #lastTaken = 0;
  #endsSeen = 0;
  #lookDue = 0;
  #isAbandoned = false;
  #isEnded = false;
  #isDeserted = false;

  /** Opens the log. Sets do this. */
  constructor(
    name: string,
    target: LogTarget,
    from: "oldest" | "latest" | "new",
    timeOf: (entry: Entry) => number | undefined,
    onError: (error: OuroborosError) => void,
  ) {
    this.name = name;
    this.#timeOf = timeOf;
    this.#onError = onError;
    this.#attempt(() => {
      const strategy = from === "latest" ? "latest" : "oldest";
      this.#reader = ShmLogReader.open(target, { strategy, onDamage: "skip", copyMode: "auto" });
      if (from === "new") this.#skip(this.#reader);
    });
  }

  /** How many of its entries were gone before they were read. */
  get lostEntries(): number {
    return this.#lostBefore + (this.#reader?.lostEntries ?? 0);
  }

  /** The sequence number of the last entry that was read or lost; 0 before the first. */
  get lastSequenceNumber(): number {
    return this.#reader?.lastSequenceNumber ?? 0;
  }

  /**
   * The number of the last entry that was taken from it, which may wait for those of others; 0 before the first.
   *
   * @internal
   */
  get lastTaken(): number {
    return this.#lastTaken;
  }

  /**
   * How many times it was read to its end while it is followed.
   *
   * @internal
   */
  get endsSeen(): number {
    return this.#endsSeen;
  }

  /** What keeps it from being read, if something does. */
  get error(): OuroborosError | undefined {
    return this.#error;
  }

  /**
   * Whether nothing of it will be read any more.
   *
   * @internal
   */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * What it has open at this moment; `undefined` if it can't be read.
   *
   * @internal
   */
  get opened(): OpenedLog | undefined {
    return this.#reader?.opened;
  }

  /**
   * Whether it has ended without being removed by anybody: its folder is gone, as with a container, or it was
   * moved away. `false` where that is not known.
   *
   * @internal
   */
  get isDeserted(): boolean {
    return this.#isDeserted && this.#reader?.isFinished === false;
  }

  /**
   * Whether its name leads elsewhere, or nowhere.
   *
   * @internal
   */
  isNameless(): boolean {
    return this.#attempt(() => unlessShort(() => this.#reader?.isReplaced() ?? false)) ?? false;
  }

  /**
   * Whether its writer has said that no entry will come.
   *
   * @internal
   */
  get isFinished(): boolean {
    return this.#reader?.isFinished ?? false;
  }

  /**
   * The number of its newest entry, if it can be read.
   *
   * @internal
   */
  newestSequenceNumber(): number | undefined {
    return this.#isEnded
      ? this.lastSequenceNumber
      : this.#attempt(() => this.#reader?.newestSequenceNumber());
  }

  /**
   * The process of its writer, where the system tells.
   *
   * @internal
   */
  writerPid(): number | undefined {
    return this.#attempt(() => this.#reader?.writerPid());
  }

  /**
   * What is known of its writer: a living one has it, it has none, or nothing will come, because it is
   * finished, removed, or can't be read.
   *
   * @internal
   */
  writerState(): "alive" | "dead" | "gone" {
    const reader = this.#reader;
    if (reader === undefined || this.#isEnded || reader.isFinished) return "gone";
    return this.#attempt(() =>
      reader.isWriterAlive() ? "alive" : unlessShort(() => reader.isReplaced()) ? "gone" : "dead"
    ) ?? "gone";
  }

  /**
   * Whether what has the name is still the log that can't be read.
   *
   * @internal
   */
  isUnreadable(): boolean {
    if (this.#error === undefined) return false;
    return this.#reader === undefined || unlessShort(() => !this.#reader!.isReplaced());
  }

  /**
   * What is there now, lazily.
   *
   * @internal
   */
  *past(): Generator<SetEntry> {
    const last = this.#attempt(() => this.#reader?.newestSequenceNumber()) ?? 0;
    while (!this.#isEnded && this.lastSequenceNumber < last) {
      const entry = this.#attempt(() => this.#reader?.read());
      if (entry === undefined) return;
      yield this.#timed(entry, this.#time);
    }
  }

  /**
   * What has come, without waiting.
   *
   * @internal
   */
  poll(): SetEntry[] {
    const entries: SetEntry[] = [];
    this.#attempt(() => {
      const end = performance.now() + MORE_TIME;
      for (let count = 1; count <= MORE_ENTRIES && !this.#isEnded; count++) {
        const entry = this.#reader?.read();
        if (entry === undefined) {
          this.#endsSeen++;
          break;
        }
        entries.push(this.#timed(entry, Date.now()));
        if (count % CLOCK_EVERY === 0 && performance.now() >= end) break;
      }
      if (entries.length === 0 && this.#reader !== undefined) this.#lookForEnd(this.#reader);
    });
    return entries;
  }

  /**
   * Closes it.
   *
   * @internal
   */
  close(): void {
    this.#isEnded = true;
    this.#reader?.close();
  }

  #timed(entry: Entry, otherwise: number): SetEntry {
    this.#lastTaken = entry.sequenceNumber;
    this.#time = this.#timeOf(entry) ?? otherwise;
    return { name: this.name, entry, time: this.#time };
  }

  /** Goes to the end of what is there. */
  #skip(reader: ShmLogReader): void {
    const last = reader.newestSequenceNumber();
    while (reader.lastSequenceNumber < last && reader.readBatch().length > 0);
  }

  /** Looks, after the last entry, whether more can come: of this log or of the next one of its name. */
  #lookForEnd(reader: ShmLogReader): void {
    const now = performance.now();
    if (now < this.#lookDue && !reader.isRestarted) return;
    this.#lookDue = now + LOOK_INTERVAL;
    const wasAbandoned = this.#isAbandoned;
    this.#isAbandoned = reader.isRestarted || unlessShort(() => reader.isAbandoned());
    if (!this.#isAbandoned) return;
    if (!wasAbandoned && !reader.isRestarted) {
      // First what was written between our last look and the end of its writer.
      this.#lookDue = 0;
      return;
    }
    const { lostEntries } = reader;
    if (unlessShort(() => reader.reopen())) {
      this.#lostBefore += lostEntries;
      this.#isAbandoned = false;
    } else if (!reader.isRestarted) {
      const { memory } = reader.opened;
      this.#isDeserted = "isUnlinked" in memory && memory.isUnlinked() === false;
      this.#end();
    }
  }

  #end(): void {
    this.#isEnded = true;
  }

  /** One log that can't be read must not keep the others from being read. */
  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof OuroborosError)) throw error;
      // That is not the fault of this log.
      if (this.#reader === undefined && isShortOfDescriptors(error)) throw error;
      if (this.#isEnded) return undefined;
      this.#error = error;
      this.#end();
      this.#onError(error);
      return undefined;
    }
  }
}
