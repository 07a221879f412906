/**
 * What a receiver remembers in a file: how far each log was handled.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { CorruptStateError } from "../errors.ts";
import type { Incoming, ReceiveCarrier } from "./carrier.ts";
import { isLogSource, type LogSource } from "./message.ts";
import { StateFile } from "./state_file.ts";

/** The size of a slot: room for two thousand logs. All of it is written each time. */
const SLOT_SIZE = 1 << 18;
/** How many bytes of JSON the logs may have together. */
const MOST_BYTES = SLOT_SIZE - 4096;
/** How often it is written, in milliseconds, unless the server waits for it. */
const INTERVAL = 1000;
/** How long to wait for the disk, in milliseconds. */
const RETRY_INTERVAL = 5;

type Owner = ReceiveCarrier["place"];
/** The last number of a log that was handled. */
export type Reached = readonly [log: LogSource, last: number];

/** The last numbers of all logs, in a file. */
export class ReceiveState {
  /** What it said when it was opened; what was handled last comes last. */
  readonly lasts: readonly Reached[];
  readonly #file: StateFile;
  readonly #owner: Owner;
  #handled: Incoming[] = [];
  #isDirty = false;
  #nextSave = 0;

  /**
   * Opens the file, or makes it.
   *
   * @throws {CorruptStateError} if it is damaged, or the state of something else
   * @throws {StateLockedError} if another process has it
   */
  constructor(path: string, owner: Owner) {
    this.#file = StateFile.open(path, SLOT_SIZE);
    this.#owner = owner;
    try {
      this.lasts = this.#file.value === undefined ? [] : lastsIn(this.#file, owner);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** In how many milliseconds there is something to be written; `undefined` if there is nothing. */
  get due(): number | undefined {
    return this.#isDirty ? Math.max(1, this.#nextSave - performance.now()) : undefined;
  }

  /**
   * Messages were handled. Gives those of which the file tells by now: they may be acknowledged.
   *
   * @param hasMoved whether a log was handled further, with or without a message
   * @param most how many messages the server leaves unacknowledged until it sends no more
   * @param reached how far logs were handled; what was handled last comes first
   */
  handled(
    messages: readonly Incoming[],
    hasMoved: boolean,
    most: number,
    reached: () => Iterable<Reached>,
  ): Incoming[] {
    for (let i = 0; i < messages.length; i++) this.#handled.push(messages[i]);
    this.#isDirty ||= hasMoved || messages.length > 0;
    const isUrgent = this.#handled.length * 2 >= most;
    const now = performance.now();
    if (!this.#isDirty || !isUrgent && now < this.#nextSave) return [];
    const isSaved = this.#file.save(this.#value(reached()));
    // Else the disk is still at work with the one before.
    this.#nextSave = now + (isSaved ? INTERVAL : RETRY_INTERVAL);
    return isSaved ? this.#takeHandled() : [];
  }

  /** Writes what is not written yet, and waits for the disk; gives the rest of the messages. */
  finish(reached: () => Iterable<Reached>): Incoming[] {
    if (this.#isDirty) this.#file.saveNow(this.#value(reached()));
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

  /** As many logs as have room. */
  #value(reached: Iterable<Reached>): object {
    const sources: object[] = [];
    let size = 0;
    for (const [log, last] of reached) {
      const one = { ...log, last };
      size += Buffer.byteLength(JSON.stringify(one)) + 1;
      if (size > MOST_BYTES) break;
      sources.push(one);
    }
    return { ...this.#owner, sources: sources.reverse() };
  }
}

function lastsIn({ path, value }: StateFile, owner: Owner): Reached[] {
  const { stream, consumer, sources }: Owner & { sources?: unknown } = Object(value);
  if (stream !== owner.stream || consumer !== owner.consumer) {
    throw new CorruptStateError(
      `state file ${path} is of consumer "${consumer}" of stream "${stream}", not of ` +
        `"${owner.consumer}" of "${owner.stream}"`,
    );
  }
  return (Array.isArray(sources) ? sources : [undefined]).map((source) => {
    const { host, name, segment, last } = Object(source);
    const isSound = isLogSource(source) && Number.isSafeInteger(last) && last >= 0;
    if (isSound) return [{ host, name, segment }, last];
    throw new CorruptStateError(`state file ${path} does not say how far logs were read`);
  });
}
