/**
 * What a receiver remembers in a file: how far each log was handled.
 *
 * @module
 */

import { CorruptStateError } from "../errors.ts";
import type { Incoming, ReceiveCarrier } from "./receive_carrier.ts";
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
type Owner = ReceiveCarrier["place"];

interface Reached {
  readonly log: LogSource;
  readonly size: number;
  last: number;
}

/** The last numbers of all logs, in a file. */
export class ReceiveState {
  readonly #file: StateFile;
  readonly #owner: Owner;
  /** Those that were written to last stand last. */
  readonly #lasts = new Map<string, Reached>();
  readonly #byLog = new Map<LogSource, Reached>();
  #size = 0;
  #handled: Incoming[] = [];
  #isDirty = false;
  #nextSave = 0;

  /**
   * Opens the file, or makes it.
   *
   * @throws {CorruptStateError} if it is damaged, or the state of something else
   * @throws {StateLockedError} if another process has it
   */
  static open(path: string, owner: Owner): ReceiveState {
    const file = StateFile.open(path, { slotSize: SLOT_SIZE });
    try {
      return new ReceiveState(file, owner);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  private constructor(file: StateFile, owner: Owner) {
    this.#file = file;
    this.#owner = owner;
    if (file.value === undefined) return;
    const { stream, consumer, sources }: Owner & { sources?: unknown } = Object(file.value);
    if (stream !== owner.stream || consumer !== owner.consumer) {
      throw new CorruptStateError(
        `state file ${file.path} is of consumer "${consumer}" of stream "${stream}", not of ` +
          `"${owner.consumer}" of "${owner.stream}"`,
      );
    }
    for (const source of Array.isArray(sources) ? sources : [undefined]) {
      const { host, name, segment, last } = Object(source);
      const isSound = [host, name, segment].every((text) => typeof text === "string") &&
        Number.isSafeInteger(last) && last >= 0;
      if (!isSound) {
        throw new CorruptStateError(`state file ${file.path} does not say how far logs were read`);
      }
      this.#add({ host, name, segment }, last);
    }
  }

  /** The last number of each log that was handled. */
  *lasts(): Generator<[LogSource, number]> {
    for (const { log, last } of this.#lasts.values()) yield [log, last];
  }

  /** In how many milliseconds there is something to be written; `undefined` if there is nothing. */
  get due(): number | undefined {
    return this.#isDirty ? Math.max(1, this.#nextSave - performance.now()) : undefined;
  }

  /** A log was handled up to a number. */
  reached(log: LogSource, last: number): void {
    const known = this.#byLog.get(log);
    if (known !== undefined) known.last = last;
    else this.#add(log, last);
    this.#isDirty = true;
  }

  /**
   * Messages were handled. Gives those of which the file tells by now: they may be acknowledged.
   *
   * @param most how many messages the server leaves unacknowledged until it sends no more
   */
  handled(messages: readonly Incoming[], most: number): Incoming[] {
    for (let i = 0; i < messages.length; i++) this.#handled.push(messages[i]);
    if (messages.length > 0) this.#isDirty = true;
    const isUrgent = this.#handled.length * 2 >= most;
    const now = performance.now();
    if (!this.#isDirty || !isUrgent && now < this.#nextSave) return [];
    const isSaved = this.#file.save(this.#value());
    // Else the disk is still at work with the one before.
    this.#nextSave = now + (isSaved ? INTERVAL : RETRY_INTERVAL);
    return isSaved ? this.#takeHandled() : [];
  }

  /** Writes what is not written yet, and waits for the disk; gives the rest of the messages. */
  finish(): Incoming[] {
    if (this.#isDirty) this.#file.saveNow(this.#value());
    return this.#takeHandled();
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }

  #takeHandled(): Incoming[] {
    const handled = this.#handled;
    this.#handled = [];
    this.#isDirty = false;
    return handled;
  }

  #value(): unknown {
    const sources = [...this.#lasts.values()].map(({ log, last }) => ({ ...log, last }));
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

  #remove(key: string, { log, size }: Reached): void {
    this.#lasts.delete(key);
    this.#byLog.delete(log);
    this.#size -= size;
  }
}
