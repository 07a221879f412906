/**
 * What is counted of a log that is followed, over all segments that have its name one after the other.
 *
 * @module
 */

import type { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { Point } from "./messages.ts";
import { RateMeter } from "./rate_meter.ts";
import type { SharedStats } from "./watcher.ts";

/** How often numbers are taken, in milliseconds. */
export const STATS_EVERY = 250;
/** How many points the chart has: two minutes. */
const MOST_POINTS = 120_000 / STATS_EVERY;

/** Keeps points for the chart, from how many there are in all. */
export class Points {
  /** The points so far, the oldest first. */
  readonly history: Point[] = [];
  readonly #rates = new RateMeter();

  /**
   * Takes the numbers at `now`: the number of the last entry; how many entries were written, and how many of
   * these were lost; bytes that were read, and entries that were looked at.
   */
  take(
    now: number,
    totals: { last: number; written: number; lost: number; bytes: number; examined: number },
  ): SharedStats {
    const { last, written, lost, bytes, examined } = totals;
    this.#rates.add(now, [written, bytes, examined, written - lost]);
    const entries = this.#rates.perSecond(0);
    const read = this.#rates.perSecond(3);
    // What was overwritten before it was read is taken to be as long as the rest.
    const size = this.#rates.perSecond(1) * (read > 0 ? Math.max(entries / read, 1) : 1);
    const point = { time: Date.now(), entries: Math.round(entries), bytes: Math.round(size) };
    this.history.push(point);
    if (this.history.length > MOST_POINTS) this.history.shift();
    return { ...point, last, lost, examined: Math.round(this.#rates.perSecond(2)) };
  }
}

/** Counts what was written, lost and examined, and keeps points for the chart. */
export class LogStats {
  readonly #points = new Points();
  // What was counted with segments before this one, and with this one.
  #lostBefore = 0;
  #writtenBefore = 0;
  #startedAt = 0;
  #bytes = 0;
  #examined = 0;

  /** The points of the chart so far, the oldest first. */
  get history(): readonly Point[] {
    return this.#points.history;
  }

  /** Begins to count with a segment, after the entry that its reader has come to. */
  begin(reader: ShmLogReader): void {
    this.#startedAt = reader.lastSequenceNumber;
  }

  /** Counts bytes that were read, and entries that were looked at. */
  add(bytes: number, examined: number): void {
    this.#bytes += bytes;
    this.#examined += examined;
  }

  /** Ends counting with a segment: its reader is about to be closed. */
  end(reader: ShmLogReader): void {
    this.#writtenBefore += reader.lastSequenceNumber - this.#startedAt;
    this.#lostBefore += reader.lostEntries;
  }

  /** Takes the numbers at `now`, with the reader of the segment that is there, if there is one. */
  take(now: number, reader: ShmLogReader | undefined): SharedStats {
    const last = reader?.lastSequenceNumber ?? 0;
    const lost = this.#lostBefore + (reader?.lostEntries ?? 0);
    const written = this.#writtenBefore + last - (reader === undefined ? 0 : this.#startedAt);
    const counts = { bytes: this.#bytes, examined: this.#examined };
    return this.#points.take(now, { last, written, lost, ...counts });
  }
}
