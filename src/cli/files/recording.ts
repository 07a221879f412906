/**
 * What `record` writes: entries as lines of a file, and a line where some are missing.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { EntryBatch } from "../../log/batch.ts";
import type { Entry } from "../../log/entry.ts";
import { entryParts } from "../../log/native/entry_lines.ts";
import type { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import { recognizeRecord } from "../../records/recognize.ts";
import { AskedLines } from "../../records/whole_lines.ts";
import type { Where } from "../grep/where.ts";
import { batchesUpTo } from "../options/log_targets.ts";
import { entryObject } from "../output/format.ts";
import { harmlessJson } from "../output/harmless.ts";
import { entryCount, warn } from "../output/warn.ts";
import type { RotatingFile } from "./rotating_file.ts";

/** Passes over the entries up to number `last`. */
export function skipTo(reader: ShmLogReader, last: number): void {
  for (const _ of batchesUpTo(reader, last));
}

/** What to record, and how. */
export interface RecordingOptions {
  output: "text" | "json";
  where?: Where;
  /** The name of the log. */
  log: string;
  /** The log that an entry is from, in a log of several; asked with a question only. */
  sourceOf(entry: Entry): string | undefined;
  /** What messages begin with. */
  prefix: string;
}

/** Entries as lines of a file, with a word where some are missing. */
export class Recording {
  /** How many were recorded. */
  entries = 0;
  /** How many were lost. */
  lost = 0;
  readonly #reader: ShmLogReader;
  readonly #file: RotatingFile;
  readonly #format: "text" | "json";
  readonly #prefix: string;
  /** With a question: lines that are asked. */
  readonly #lines: AskedLines<Entry, boolean> | undefined;
  /** The number of the last entry that was read or said to be lost; -1: none is expected. */
  #last = -1;
  /** Since when entries are held, in milliseconds. */
  #heldSince = Infinity;

  constructor(
    reader: ShmLogReader,
    file: RotatingFile,
    { output: format, where, log, sourceOf, prefix }: RecordingOptions,
  ) {
    this.#prefix = prefix;
    this.#lines = where && new AskedLines(entryParts(sourceOf), (entry) => {
      const { text } = entry;
      return where.test(recognizeRecord(text), text, sourceOf(entry) ?? log);
    });
    this.#reader = reader;
    this.#file = file;
    this.#format = format;
  }

  /** Continues after an entry that another recorder wrote last. */
  goOn(sequenceNumber: number): void {
    const { continuation } = this.#reader;
    if (continuation?.isSameSegment === false) this.beginAnew(sequenceNumber);
    else this.#last = sequenceNumber;
  }

  /** Begins with an entry that may be still to come, or lost. */
  beginWith(sequenceNumber: number): void {
    skipTo(this.#reader, sequenceNumber - 1);
    this.#last = sequenceNumber - 1;
  }

  /** Begins with another log of the same name. */
  beginAnew(last: number): void {
    this.#missed(last);
    this.giveUp();
    const json = { reopened: true, after: last };
    this.#note(json, `another log of this name begins after entry ${last}`);
    this.#last = 0;
  }

  /** Adds entries. */
  add(batch: EntryBatch): void {
    this.#missed(batch.sequenceNumber(0) - 1);
    for (let i = 0; i < batch.length; i++) {
      if (batch.sequenceNumber(i) <= this.#last) continue;
      if (this.#lines === undefined) {
        this.#write(batch.bytes(i), () => batch.entry(i));
        continue;
      }
      // What is held must not keep the memory of others.
      this.#lines.take(batch.entry(i));
      this.#writeAsked();
    }
    const last = batch.sequenceNumber(batch.length - 1);
    this.#last = Math.max(last, this.#last);
  }

  /** The number of the last entry that is recorded, or not asked for: behind it entries may be held. */
  get done(): number {
    const { oldest } = this.#lines ?? {};
    return oldest === undefined ? this.#reader.lastSequenceNumber : oldest.sequenceNumber - 1;
  }

  /** Waits no longer for the ends of lines that were begun so many milliseconds ago. */
  giveUp(after: number = 0): void {
    if (this.#lines === undefined || performance.now() - this.#heldSince < after) return;
    this.#lines.giveUp();
    this.#writeAsked();
  }

  /** Ends: says what was lost at the very end. */
  finish(): void {
    this.giveUp();
    this.#missed(this.#reader.lastSequenceNumber);
  }

  #writeAsked(): void {
    const lines = this.#lines!;
    for (let one = lines.next(); one !== undefined; one = lines.next()) {
      const { item, answer } = one;
      if (answer) this.#write(item.bytes, () => item);
    }
    if (lines.length === 0) this.#heldSince = Infinity;
    else if (this.#heldSince === Infinity) this.#heldSince = performance.now();
  }

  #write(bytes: Uint8Array, entry: () => Entry): void {
    this.entries++;
    this.#file.line(
      this.#format === "text"
        ? bytes
        : Buffer.from(harmlessJson(JSON.stringify(entryObject(entry())))),
    );
  }

  /** All up to `last` was recorded, or is lost. */
  #missed(last: number): void {
    const lost = this.#last < 0 ? 0 : last - this.#last;
    if (lost <= 0) return;
    // No line continues behind what is lost.
    this.giveUp();
    this.lost += lost;
    const what = `${entryCount(lost)} lost after entry ${this.#last}`;
    this.#note({ lost, after: this.#last }, what);
    this.#last = last;
  }

  #note(json: object, text: string): void {
    this.#file.line(
      Buffer.from(this.#format === "json" ? JSON.stringify(json) : `# ouroboros: ${text}`),
    );
    warn(this.#prefix + text);
  }
}
