/**
 * What a receiver remembers in a file: how far each log was handled.
 *
 * @module
 */

import { CorruptStateError } from "../errors.ts";
import type { FeedMessage } from "./carriers/nats/feed_message.ts";
import { type LogSource, sourceKey } from "./message.ts";
import { StateFile } from "./state_file.ts";

/** The size of a slot: room for two thousand logs. All of it is written each time. */
const SLOT_SIZE = 1 << 18;
/** How many bytes of JSON the names and numbers of all logs may have together. */
const MOST_BYTES = SLOT_SIZE - 4096;
/** The room for the number of a log, and what is around its names. */
const NUMBER_SIZE = 24;
/** How often it is written, in milliseconds, unless the server waits for it. */
const INTERVAL = 1000;
/** How long to wait for the disk, in milliseconds. */
const RETRY_INTERVAL = 5;

const encoder = new TextEncoder();

/** What it is the state of. */
export interface StateOwner {
  /** The stream. */
  readonly stream: string;
  /** The consumer of the stream. */
  readonly consumer: string;
}

/** The last numbers of all logs, in a file. */
export class ReceiveState {
  readonly #file: StateFile;
  readonly #owner: StateOwner;
  /** Those that were written to last stand last. */
  readonly #lasts = new Map<string, { log: LogSource; last: number; size: number }>();
  readonly #byLog = new Map<LogSource, { last: number }>();
  #size = 0;
  #handled: FeedMessage[] = [];
  #saved: FeedMessage[] = [];
  #isDirty = false;
  #nextSave = 0;

  private constructor(file: StateFile, owner: StateOwner) {
    this.#file = file;
    this.#owner = owner;
  }

  /**
   * Opens the file, or makes it.
   *
   * @throws {CorruptStateError} if it is damaged, or the state of something else
   * @throws {StateLockedError} if another process has it
   */
  static open(path: string, owner: StateOwner): ReceiveState {
    const file = StateFile.open(path, { slotSize: SLOT_SIZE });
    try {
      const state = new ReceiveState(file, owner);
      if (file.value !== undefined) state.#load(file.value);
      return state;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The last number of each log that was handled. */
  *lasts(): Generator<[LogSource, number]> {
    for (const { log, last } of this.#lasts.values()) yield [log, last];
  }

  /** In how many milliseconds there is something to be written; `undefined` if there is nothing. */
  get due(): number | undefined {
    if (!this.#isDirty) return undefined;
    return Math.max(1, this.#nextSave - performance.now());
  }

  /** A log was handled up to a number. */
  reached(log: LogSource, last: number): void {
    const known = this.#byLog.get(log);
    if (known !== undefined) known.last = last;
    else this.#add(log, last);
    this.#isDirty = true;
  }

  /**
   * Messages were handled: they may be acknowledged when the file says so.
   *
   * @param most how many messages the server leaves unacknowledged until it sends no more
   */
  handled(messages: readonly FeedMessage[], most: number): void {
    for (let i = 0; i < messages.length; i++) this.#handled.push(messages[i]);
    if (messages.length > 0) this.#isDirty = true;
    const isUrgent = this.#handled.length * 2 >= most;
    if (this.#isDirty && (isUrgent || performance.now() >= this.#nextSave)) this.#save();
  }

  /** The messages of which the file tells, once. */
  takeSaved(): FeedMessage[] {
    const saved = this.#saved;
    this.#saved = [];
    return saved;
  }

  /** Writes what is not written yet, and waits for the disk. */
  finish(): void {
    if (!this.#isDirty) return;
    this.#file.saveNow(this.#value());
    this.#settle();
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }

  #save(): void {
    const isSaved = this.#file.save(this.#value());
    if (isSaved) this.#settle();
    // Else the disk is still at work with the one before.
    this.#nextSave = performance.now() + (isSaved ? INTERVAL : RETRY_INTERVAL);
  }

  #settle(): void {
    this.#saved = this.#saved.concat(this.#handled);
    this.#handled = [];
    this.#isDirty = false;
  }

  #value(): unknown {
    const sources = [...this.#lasts.values()].map(({ log, last }) => {
      const { host, name, segment } = log;
      return { host, name, segment, last };
    });
    return { ...this.#owner, sources };
  }

  #add(log: LogSource, last: number): void {
    const key = sourceKey(log);
    const size = encoder.encode(JSON.stringify({ ...log, last: 0 })).length + NUMBER_SIZE;
    const one = { log, last, size };
    const known = this.#lasts.get(key);
    if (known !== undefined) this.#remove(key, known);
    this.#lasts.set(key, one);
    this.#byLog.set(log, one);
    this.#size += size;
    // Those that were heard of first go first.
    for (const [key, one] of this.#lasts) {
      if (this.#size <= MOST_BYTES) break;
      this.#remove(key, one);
    }
  }

  #remove(key: string, { log, size }: { log: LogSource; size: number }): void {
    this.#lasts.delete(key);
    this.#byLog.delete(log);
    this.#size -= size;
  }

  #load(value: unknown): void {
    const { stream, consumer, sources }: StateOwner & { sources?: unknown } = Object(value);
    if (stream !== this.#owner.stream || consumer !== this.#owner.consumer) {
      throw new CorruptStateError(
        `state file ${this.#file.path} is of consumer "${consumer}" of stream "${stream}", not of ` +
          `"${this.#owner.consumer}" of "${this.#owner.stream}"`,
      );
    }
    if (!Array.isArray(sources)) {
      throw new CorruptStateError(`state file ${this.#file.path} is not that of a receiver`);
    }
    for (const source of sources) {
      const { host, name, segment, last } = Object(source);
      const isSound = [host, name, segment].every((text) => typeof text === "string") &&
        Number.isSafeInteger(last) && last >= 0;
      if (!isSound) {
        throw new CorruptStateError(`state file ${this.#file.path} has a log that is none`);
      }
      this.#add({ host, name, segment }, last);
    }
  }
}
