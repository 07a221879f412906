/**
 * A file that remembers how far something got, through the death of its process and of its machine.
 *
 * It has two slots of the same size, 512 bytes by default, which are written in turn. Each is a line:
 * the CRC-32 of what follows, in hex, how often was written before, and JSON, filled up with spaces.
 * The intact slot that was written later counts.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readSync,
  writeSync,
} from "node:fs";
import { crc32 } from "node:zlib";
import { FileLock } from "../../ffi/mod.ts";
import { CorruptStateError, StateLockedError } from "../errors.ts";
import { checkIsFile, damaged, openPrivate } from "../place_file.ts";

/** The room for the checksum, the counter, and what separates them. */
const FRAME_SIZE = 28;
const SUM_SIZE = 8;

interface Slot {
  readonly generation: number;
  readonly value: unknown;
}

/** Keeps a value, small and of JSON, in a file that one handle at a time can have. */
export class StateFile implements Disposable {
  readonly path: string;
  /** What was in it when it was opened; `undefined`: nothing. */
  readonly value: unknown;
  readonly #slotSize: number;
  readonly #descriptor: number;
  readonly #lock: FileLock;
  #generation: number;
  #isClosed = false;
  #isSyncing = false;
  #syncError: Error | null = null;

  private constructor(path: string, descriptor: number, lock: FileLock, slotSize: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#lock = lock;
    this.#slotSize = slotSize;
    const bytes = new Uint8Array(2 * slotSize);
    readSync(descriptor, bytes, 0, bytes.length, 0);
    const halves = [bytes.subarray(0, slotSize), bytes.subarray(slotSize)];
    const slots = halves.map(slotOf).filter((slot) => slot !== undefined);
    // One that is torn was being written when the machine died. Both: it is no file of ours.
    if (slots.length === 0 && halves.every((half) => half.some((byte) => byte !== 0))) {
      throw damaged(`state file ${path}`);
    }
    const latest = slots.sort((a, b) => b.generation - a.generation).at(0);
    this.#generation = latest?.generation ?? 0;
    this.value = latest?.value;
    // Written instead of a hole: later there may be no room on the disk.
    if (bytes.some((byte) => byte !== 0)) return;
    try {
      writeSync(descriptor, bytes, 0, bytes.length, 0);
    } catch (error) {
      // One runtime does not say which file.
      (error as Error).message = `state file ${path}: ${(error as Error).message}`;
      throw error;
    }
  }

  /**
   * Opens the file, or makes it, and keeps others from it until `close()` or the end of the process.
   *
   * @param slotSize the size of a slot in bytes: the JSON may have 28 less
   * @throws {StateLockedError} if somebody else has it
   * @throws {CorruptStateError} if it is something else than a state file
   * @throws {PermissionDeniedError} if the system refuses
   */
  static open(path: string, slotSize: number = 512): StateFile {
    const descriptor = openPrivate(path, constants.O_RDWR | constants.O_CREAT);
    let lock: FileLock | undefined;
    try {
      const stats = fstatSync(descriptor);
      checkIsFile(`state file ${path}`, stats);
      const { size } = stats;
      // Nothing more before it is ours: somebody else may be doing the same.
      if (size === 0) ftruncateSync(descriptor, 2 * slotSize);
      else if (size !== 2 * slotSize) {
        throw new CorruptStateError(
          `${path} has ${size} bytes, and a state file ${2 * slotSize}: it is something else`,
        );
      }
      lock = FileLock.take(path);
      if (lock === undefined) {
        throw new StateLockedError(`state file ${path} belongs to another process`);
      }
      return new StateFile(path, descriptor, lock, slotSize);
    } catch (error) {
      lock?.close();
      closeSync(descriptor);
      throw error;
    }
  }

  /**
   * Writes a value over the older one of the two that are there. It survives the death of this process
   * at once, and that of the machine as soon as the disk has it, for which nobody waits. While the disk
   * is still at work with the one before, nothing is written: then both slots could be torn at once.
   *
   * @returns whether it was written
   * @throws {RangeError} if its JSON is too large for a slot
   * @throws {Error} what the system says, also of the disk and the value before
   */
  save(value: unknown): boolean {
    if (this.#isSyncing) return false;
    const error = this.#syncError;
    this.#syncError = null;
    if (error !== null) throw error;
    const generation = this.#write(value);
    this.#isSyncing = true;
    fdatasync(this.#descriptor, (error) => {
      this.#isSyncing = false;
      this.#syncError = error;
      if (error !== null) this.#distrust(generation);
      if (this.#isClosed) closeSync(this.#descriptor);
    });
    return true;
  }

  saveNow(value: unknown): void {
    if (this.#isSyncing) fdatasyncSync(this.#descriptor);
    const generation = this.#write(value);
    try {
      fdatasyncSync(this.#descriptor);
    } catch (error) {
      this.#distrust(generation);
      throw error;
    }
  }

  /** Closes, and lets others have it. May be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lock.close();
    // Its number must not become another file's while the disk is at work.
    if (!this.#isSyncing) closeSync(this.#descriptor);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Writes a slot, and gives its generation. */
  #write(value: unknown): number {
    const json = JSON.stringify(value);
    const most = this.#slotSize - FRAME_SIZE;
    const size = Buffer.byteLength(json);
    if (size > most) throw new RangeError(`a state of ${size} bytes exceeds the ${most} of a slot`);
    const slot = Buffer.alloc(this.#slotSize, " ");
    const generation = this.#generation + 1;
    slot.write(`${generation} ${json}`, SUM_SIZE + 1);
    slot.write("\n", slot.length - 1);
    slot.write(sumOf(slot));
    // By its number it takes turns; what counts now stays whole while this is written, and also after this
    // has failed: the next one goes to the same slot.
    const at = generation % 2 * this.#slotSize;
    const written = writeSync(this.#descriptor, slot, 0, slot.length, at);
    if (written < slot.length) {
      throw new Error(`state file ${this.path}: ${written} of ${slot.length} bytes were written`);
    }
    return this.#generation = generation;
  }

  /** The disk may not have that slot: the next one is written over it, and not over the other. */
  #distrust(generation: number): void {
    if (this.#generation === generation) this.#generation--;
  }
}

function sumOf(slot: Uint8Array): string {
  return crc32(slot.subarray(SUM_SIZE)).toString(16).padStart(SUM_SIZE, "0");
}

/** What a slot says; `undefined` if it is empty, torn, or something else. */
function slotOf(bytes: Uint8Array): Slot | undefined {
  const line = new TextDecoder().decode(bytes).trimEnd();
  const [, sum, generation, json] = /^([0-9a-f]{8}) (\d{1,15}) (.*)$/.exec(line) ?? [];
  if (sum === undefined || sum !== sumOf(bytes)) return undefined;
  try {
    return { generation: Number(generation), value: JSON.parse(json) };
  } catch {
    return undefined;
  }
}
