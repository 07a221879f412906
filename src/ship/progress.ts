/**
 * How far a log is forwarded, how far behind that is, and what waits for it.
 *
 * @module
 */

import { ClosedError } from "../errors.ts";
import type { Cursor } from "../log/native/cursor.ts";
import type { ShmLogReader } from "../log/native/shm_log_reader.ts";
import { isLoss } from "./message.ts";
import type { Lane, OutMessage } from "./out_message.ts";
import { Waiting } from "./outbox.ts";

const MOST_LOOKS = 512;

/**
 * How far behind a forwarder is in time, of entries that have none: looks at how far the writer was at
 * which moment, and tells from them how late one is.
 */
export class LagClock {
  #looks: { at: number; last: number }[] = [];
  /** How far they are apart at least, in milliseconds. */
  #distance = 0;

  /**
   * Remembers that entry `last` was the last one at the moment `at`, in milliseconds.
   */
  look(at: number, last: number): void {
    const latest = this.#looks.at(-1);
    // The first moment at which it was there is the one that tells.
    if (latest !== undefined && (latest.last >= last || at - latest.at < this.#distance)) return;
    this.#looks.push({ at, last });
    if (this.#looks.length <= MOST_LOOKS) return;
    // The longer the time, the coarser the looks may be.
    this.#distance = 2 * (at - this.#looks[0].at) / MOST_LOOKS;
    let before = -Infinity;
    this.#looks = this.#looks.filter(({ at }) => {
      if (at - before < this.#distance) return false;
      before = at;
      return true;
    });
  }

  forget(done: number): void {
    let count = 0;
    while (count < this.#looks.length && this.#looks[count].last <= done) count++;
    if (count > 0) this.#looks.splice(0, count);
    if (this.#looks.length === 0) this.#distance = 0;
  }

  /**
   * For how many milliseconds there have been entries after `done`: the oldest of them is at least as
   * old, and about as old as that.
   */
  lagAfter(done: number, now: number): number {
    const first = this.#looks.find(({ last }) => last > done);
    return first === undefined ? 0 : Math.max(0, now - first.at);
  }
}

/** The place up to which all is in the stream, in a log that may be replaced by others. */
export class Progress {
  acknowledged = 0;
  bytes = 0;
  gaps = 0;
  lostEntries = 0;
  filtered = 0;
  readonly #reader: ShmLogReader;
  readonly #isIdle: () => boolean;
  /** The segment that is read, and the number of its last entry. */
  #lane: Lane;
  #last = 0;
  #lag = new LagClock();
  #settledLane: Lane;
  #settledNumber = 0;
  /** Up to which entry of the lane nothing is left but what is on its way, or was left out. */
  #passed = 0;
  #savedLane: Lane | undefined;
  #savedNumber = -1;
  readonly #waiting = new Waiting();
  #end: { error: unknown } | undefined;

  /** Begins with a segment; `isIdle` tells whether nothing is on its way. */
  constructor(reader: ShmLogReader, lane: Lane, isIdle: () => boolean) {
    this.#reader = reader;
    this.#isIdle = isIdle;
    this.#lane = this.#settledLane = lane;
  }

  /** Whether it is another place than the very beginning. */
  get hasMoved(): boolean {
    return this.#settledLane.order > 0 || this.#settledNumber > 0;
  }

  get position(): Cursor {
    return { ...this.#settledLane.identity, sequenceNumber: this.#settledNumber };
  }

  /** How many entries are not in the stream yet, and for how many seconds the oldest has been there. */
  get lag(): { entries: number; seconds: number } {
    const done = this.#done;
    return {
      entries: Math.max(0, this.#last - done),
      seconds: this.#lag.lagAfter(done, performance.now()) / 1000,
    };
  }

  get rewinds(): number {
    return this.#settledLane.rewinds;
  }

  /** It begins with this, and not with what it was made with. */
  startIn(lane: Lane): void {
    this.#lane = this.#settledLane = lane;
  }

  /** Everything up to that entry was forwarded before, or is not ours to forward. */
  startAfter(sequenceNumber: number): void {
    this.#settledNumber = sequenceNumber;
  }

  begin(lane: Lane): void {
    this.#lane = lane;
    this.#last = 0;
    this.#passed = 0;
    this.#lag = new LagClock();
  }

  /** Up to that entry of the segment all was sent, or left out on purpose. */
  passed(sequenceNumber: number): void {
    this.#passed = sequenceNumber;
    this.#waiting.look();
  }

  /** A message, and all before it, are in the stream. */
  settled({ lane, from, to, reason, filtered, size }: OutMessage): void {
    this.#settledLane = lane;
    this.#settledNumber = to;
    this.filtered += filtered;
    if (reason === "filtered") this.filtered += to - from + 1;
    else if (reason === undefined) {
      this.acknowledged++;
      this.bytes += size;
    } else if (isLoss(reason)) {
      this.gaps++;
      this.lostEntries += to - from + 1;
    }
    this.#waiting.look();
  }

  look(): void {
    try {
      this.#last = Math.max(this.#last, this.#reader.newestSequenceNumber());
    } catch {
      // It is closed, or cut off: following it fails for the same reason.
      return;
    }
    this.#lag.look(performance.now(), this.#last);
    this.#lag.forget(this.#done);
  }

  async flushed(): Promise<void> {
    this.look();
    const [lane, to] = [this.#lane, this.#last];
    await this.#waiting.until(() => this.#end !== undefined || this.#hasSettled(lane, to));
    if (!this.#hasSettled(lane, to)) throw this.#end?.error;
  }

  /** Nothing more will be settled, for that reason if there is one. */
  end(failure: { error: unknown } | undefined): void {
    this.#end = failure ?? { error: new ClosedError("the forwarding has ended") };
    this.#waiting.look();
  }

  /** Hands the place to `save` if it is another one than before; that gives whether it was kept. */
  save(save: (position: Cursor) => boolean): void {
    const [lane, number] = [this.#settledLane, this.#settledNumber];
    if (lane === this.#savedLane && number === this.#savedNumber) return;
    if (!save(this.position)) return;
    this.#savedLane = lane;
    this.#savedNumber = number;
  }

  /** Up to which entry of the segment that is read all has arrived, or was left out on purpose. */
  get #done(): number {
    const settled = this.#settledLane === this.#lane ? this.#settledNumber : 0;
    return this.#isIdle() ? Math.max(settled, this.#passed) : settled;
  }

  /** Whether all of a segment up to an entry is in the stream, and all of those before it. */
  #hasSettled(lane: Lane, to: number): boolean {
    if (lane === this.#lane && to > 0 && this.#done >= to) return true;
    if (lane === this.#settledLane) return this.#settledNumber >= to;
    if (lane.order < this.#settledLane.order) return true;
    return to === 0 && this.#isIdle();
  }
}
