/**
 * What gets out of a log into an outbox: entries, and gaps in place of those that are gone.
 *
 * @module
 */

import { OverrunError } from "../errors.ts";
import { abortable } from "../async.ts";
import type { EntryBatch } from "../log/batch.ts";
import type { Entry } from "../log/entry.ts";
import { type Cursor, isCursorOf } from "../log/native/cursor.ts";
import { entryParts } from "../log/native/entry_lines.ts";
import type { ReopenEvent } from "../log/native/follow.ts";
import type { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { AskedLines, mayBePart } from "../records/whole_lines.ts";
import type { ShipOptions } from "./forward_options.ts";
import type { GapReason } from "./message.ts";
import { type Lane, laneOf } from "./out_message.ts";
import type { Outbox } from "./outbox.ts";
import type { Progress } from "./progress.ts";

/** How often to look whether a log has come to an entry: beside a busy writer a look may see too few. */
const LOOKS = 8;

/** How long the end of a line that is in several entries is waited for, before it is asked, in milliseconds. */
const LONGEST_LINE = 1000;

/** A gap, or an entry that was held, which is not sent yet. */
interface Owed {
  readonly lane: Lane;
  readonly from: number;
  readonly to: number;
  readonly what: GapReason | Uint8Array;
  readonly filtered: number;
}

/** From where an intake takes, and where it brings it. */
export interface IntakeParts {
  readonly reader: ShmLogReader;
  readonly options: Pick<ShipOptions, "maxSleep" | "onAbandoned" | "from" | "select" | "onGap">;
  /** Where an earlier forwarder ended, if that is known. */
  readonly cursor: Cursor | undefined;
  readonly outbox: Outbox;
  readonly progress: Progress;
  readonly lane: Lane;
  readonly signal: AbortSignal;
  /** Called if the cursor is of a segment that is gone. */
  readonly onReplaced: (cursor: Cursor) => void;
}

/** Brings what is in a log, and what comes, into an outbox. */
export class Intake {
  readonly #parts: IntakeParts;
  #lane: Lane;
  /** With `select`: lines that are asked. */
  readonly #lines: AskedLines<Entry, boolean> | undefined;
  #heldSince = Infinity;
  /** The number of the next entry to send, or leave out: those that are held come after it. */
  #next = 1;
  /** How many times the writer had overtaken the reader at the last batch; -1 before the first one. */
  #overruns = -1;
  #hasSkipped = false;
  /** How many entries directly before the next one were left out, and no message says so yet. */
  #filtered = 0;
  /** What is before it, and not sent yet. */
  #owed: Owed[] = [];

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#lane = parts.lane;
    const { select } = parts.options;
    this.#lines = select &&
      new AskedLines(entryParts(), ({ bytes, sequenceNumber }) => select(bytes, sequenceNumber));
  }

  /** Whether something is taken that is not sent yet, for there was no room. */
  get owes(): boolean {
    return this.#owed.length > 0;
  }

  /** Waits no longer for the end of a line that was begun long ago: others must not wait for it. */
  giveUpOld(): void {
    if (performance.now() - this.#heldSince < LONGEST_LINE) return;
    this.#giveUp();
    void this.#pay().then(() => this.#passed());
  }

  /** Whether entries were left out of which no message says so yet. */
  get hasFiltered(): boolean {
    return this.#filtered > 0;
  }

  /**
   * Sends a message that says what was left out since the last one, if there is room. Until then the place
   * in the log does not move, so that no later forwarder takes it for lost.
   */
  tellFiltered(): void {
    const { outbox } = this.#parts;
    if (this.#filtered === 0 || this.owes || outbox.isClosed || !outbox.hasRoom(0)) return;
    const from = this.#next - this.#filtered;
    this.#filtered = 0;
    outbox.addGap(this.#lane, from, this.#next - 1, "filtered", Date.now());
  }

  get hasSkipped(): boolean {
    return this.#hasSkipped;
  }

  /** Finds where to begin, by what there is at this moment. */
  findStart(): void {
    const { cursor, options, reader, progress, onReplaced } = this.#parts;
    if (cursor !== undefined) {
      const isSame = isCursorOf(cursor, this.#lane.identity);
      if (isSame && this.#hasComeTo(cursor.sequenceNumber)) {
        this.#next = cursor.sequenceNumber + 1;
        progress.startAfter(cursor.sequenceNumber);
        return;
      }
      if (isSame) {
        // Its numbers come once more, with other entries: they must not be taken for those.
        this.#lane = laneOf(reader, this.#lane.source.host, 0, this.#lane.rewinds + 1);
        progress.startIn(this.#lane);
      }
      onReplaced(cursor);
      return;
    }
    const { lastSequenceNumber: passed, continuation } = reader;
    const { firstSequenceNumber, lastSequenceNumber } = reader.inspect();
    if (continuation !== undefined) {
      // The reader was opened behind a place of its own: what is before that is not ours to forward.
      this.#next = passed - continuation.lostEntries + 1;
      progress.startAfter(this.#next - 1);
    } else {
      // 0 if nothing is left.
      this.#miss(Math.min(passed + 1, firstSequenceNumber || Infinity), "overwritten");
    }
    // Entries that are there, and that the reader is not to read.
    const { from = "oldest" } = options;
    const start = from === "oldest"
      ? passed
      : Math.max(passed, Math.min(lastSequenceNumber, from === "new" ? Infinity : from - 1));
    this.#hasSkipped = start >= this.#next;
    this.#miss(start + 1, "not wanted");
  }

  async run(): Promise<void> {
    const { signal } = this.#parts;
    await this.#pay();
    while (await this.#follow() === "overtaken" && !signal.aborted);
    if (signal.aborted) return;
    this.#giveUp();
    await this.#pay();
    this.#passed();
  }

  #hasComeTo(sequenceNumber: number): boolean {
    for (let look = 0; look < LOOKS; look++) {
      if (this.#parts.reader.newestSequenceNumber() >= sequenceNumber) return true;
    }
    return false;
  }

  /** Follows the log until the end, or until the reader says that it was overtaken. */
  async #follow(): Promise<"ended" | "overtaken"> {
    const { reader, options, signal } = this.#parts;
    const { maxSleep, onAbandoned = "reopen" } = options;
    const batches = reader.followBatches({
      signal,
      maxSleep,
      onAbandoned,
      onReopen: (event) => this.#reopened(event),
    });
    try {
      for await (const batch of batches) await this.#take(batch);
      return "ended";
    } catch (error) {
      // With onOverrun "throw". By how much, the next number tells.
      if (!(error instanceof OverrunError)) throw error;
      return "overtaken";
    }
  }

  async #take(batch: EntryBatch): Promise<void> {
    const { reader, outbox, signal, options: { select } } = this.#parts;
    const time = Date.now();
    const first = batch.sequenceNumber(0);
    const { overruns } = reader;
    // What is missing behind the first batch, and not since the writer was quicker, can't be read.
    const isDamaged = this.#overruns === overruns;
    this.#overruns = overruns;
    if (first > this.#next + this.#held) {
      // No line continues behind what is missing.
      this.#giveUp();
      this.#miss(first, isDamaged ? "damaged" : "overwritten");
    }
    if (this.owes) await this.#pay();
    const lines = this.#lines;
    const { bytes: block, bounds } = batch.block;
    for (let i = Math.max(0, this.#next + this.#held - first); i < batch.length; i++) {
      // Of a line in parts all is sent, or nothing.
      if (
        lines !== undefined &&
        (lines.length > 0 || mayBePart(block, bounds[2 * i], bounds[2 * i + 1]))
      ) {
        lines.take(batch.entry(i));
        this.#oweAsked();
        if (this.owes) await this.#pay();
        if (signal.aborted) return;
        continue;
      }
      const bytes = batch.bytes(i);
      if (select !== undefined && !select(bytes, this.#next)) {
        this.#next++;
        this.#filtered++;
        continue;
      }
      if (!outbox.hasRoom(bytes.length)) await this.#room(bytes.length);
      // What is left will be read by the next forwarder.
      if (signal.aborted) return;
      const filtered = this.#filtered;
      this.#filtered = 0;
      outbox.addEntry(this.#lane, this.#next++, bytes, time, filtered);
    }
    this.#passed();
  }

  get #held(): number {
    return this.#lines?.length ?? 0;
  }

  /** Says how far nothing is left but what is on its way. */
  #passed(): void {
    if (this.#filtered > 0 && !this.owes) this.#parts.progress.passed(this.#next - 1);
  }

  /** No line that was begun has an end. */
  #giveUp(): void {
    this.#lines?.giveUp();
    this.#oweAsked();
  }

  /** Takes what was asked. */
  #oweAsked(): void {
    const lines = this.#lines;
    for (let one = lines?.next(); one !== undefined; one = lines?.next()) {
      const number = this.#next++;
      if (!one.answer) {
        this.#filtered++;
        continue;
      }
      const { bytes } = one.item;
      this.#owe({ lane: this.#lane, from: number, to: number, what: bytes, filtered: 0 });
    }
    if (this.#held === 0) this.#heldSince = Infinity;
    else if (this.#heldSince === Infinity) this.#heldSince = performance.now();
  }

  /** Owes something before which entries were left out. */
  #owe(owed: Owed): void {
    this.#owed.push({ ...owed, filtered: this.#filtered });
    this.#filtered = 0;
  }

  async #room(size: number): Promise<void> {
    const { outbox, signal } = this.#parts;
    await abortable(outbox.room(size), signal).catch(() => {});
  }

  #miss(next: number, reason: GapReason): void {
    if (next <= this.#next) return;
    const [from, to] = [this.#next, next - 1];
    this.#owe({ lane: this.#lane, from, to, what: reason, filtered: 0 });
    this.#next = next;
    const { source } = this.#lane;
    const count = to - from + 1;
    const time = Date.now();
    this.#parts.options.onGap?.({ kind: "gap", ...source, from, to, count, reason, time });
  }

  /** What was left out at the end of a segment is a gap like others: nothing comes after it. */
  #oweFiltered(): void {
    if (this.#filtered === 0) return;
    const [from, to] = [this.#next - this.#filtered, this.#next - 1];
    this.#filtered = 0;
    this.#owe({ lane: this.#lane, from, to, what: "filtered", filtered: 0 });
  }

  /** Brings what is owed, as soon as there is room. */
  async #pay(): Promise<void> {
    const { outbox, signal } = this.#parts;
    while (this.owes && !signal.aborted) {
      const size = sizeOf(this.#owed[0]);
      if (!outbox.hasRoom(size)) await this.#room(size);
      // Another call may have paid meanwhile.
      const isNext = this.owes && outbox.hasRoom(sizeOf(this.#owed[0])) && !signal.aborted;
      const owed = isNext ? this.#owed.shift() : undefined;
      if (owed === undefined) continue;
      const { lane, from, to, what, filtered } = owed;
      if (typeof what === "string") outbox.addGap(lane, from, to, what, Date.now(), filtered);
      else outbox.addEntry(lane, from, what, Date.now(), filtered);
    }
  }

  #reopened({ from, lostEntries, after }: ReopenEvent): void {
    this.#giveUp();
    this.#miss(from.sequenceNumber + 1, "overwritten");
    this.#oweFiltered();
    if (lostEntries === "unknown") this.#parts.onReplaced(from);
    this.#lane = laneOf(this.#parts.reader, this.#lane.source.host, this.#lane.order + 1);
    this.#next = after + 1;
    if (after > 0) {
      this.#owe({ lane: this.#lane, from: 1, to: after, what: "resized", filtered: 0 });
    }
    this.#overruns = -1;
    this.#parts.progress.begin(this.#lane);
    // Not when the next entry comes: that may take long.
    void this.#pay();
  }
}

function sizeOf({ what }: Owed): number {
  return typeof what === "string" ? 0 : what.length;
}
