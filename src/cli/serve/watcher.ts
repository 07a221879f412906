/**
 * One page that looks at one log: what it asked for, and what it was sent.
 *
 * @module
 */

import type { EntryFilter } from "./entry_filter.ts";
import type { EventSink } from "./event_stream.ts";
import type { Entries, EntryRow, LogState, Point, RingPicture } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { placeOf } from "./place.ts";
import { RateMeter } from "./rate_meter.ts";
import { type DecodedEntry, rowOf } from "./row.ts";
import { sample } from "./sampling.ts";

/** What a page wants. */
export interface WatcherOptions {
  filter: EntryFilter;
  /** Whether it wants entries: one that is paused does not. */
  wantsEntries: boolean;
  /** How many entries a second it can take. */
  mostEntries: number;
}

/** What is the same for all pages that look at a log. */
export interface SharedStats extends Point {
  last: number;
  lost: number;
  examined: number;
}

/** How many bytes of entries are sent before it is looked whether the page takes them. */
const MOST_AT_ONCE = 1 << 18;
/** How many entries a page that is slow may be behind, in seconds of its rate. */
const PATIENCE = 2;

/** One page that looks at one log. */
export class Watcher {
  /** What it asked for. */
  readonly filter: EntryFilter;
  /** Whether it wants entries. */
  readonly wantsEntries: boolean;
  /** The segment of which it is sent entries. */
  segment = "";
  readonly #sink: EventSink;
  readonly #mostEntries: number;
  readonly #outbox: Outbox;
  readonly #rates = new RateMeter();
  #matched = 0;
  #sent = 0;
  // How many the page may be sent now; grows with time, so that a burst after a lull is whole.
  #allowance: number;
  #left = 0;
  // What was there before: it goes before all that is live.
  #past: { rows: Outbox; left: number } | undefined;
  #isHeld = true;
  #ring: RingPicture | undefined;
  #state: LogState | undefined;

  /** Sends to `sink`; nothing of what comes live before {@linkcode Watcher.begin}. */
  constructor(sink: EventSink, { filter, wantsEntries, mostEntries }: WatcherOptions) {
    this.#sink = sink;
    this.filter = filter;
    this.wantsEntries = wantsEntries;
    this.#mostEntries = mostEntries;
    this.#outbox = new Outbox(Math.max(PATIENCE * mostEntries, 1));
    this.#allowance = mostEntries / 2;
  }

  /** What it is sent to. */
  get sink(): EventSink {
    return this.#sink;
  }

  /** Sends what was there before, and from now on what is live. */
  begin(past: { rows: EntryRow[]; left: number }): void {
    // Even if that is nothing: the page may be waiting for the end of a search.
    if (this.wantsEntries) {
      const rows = new Outbox(Infinity);
      rows.push(past.rows);
      this.#past = { rows, left: past.left };
    }
    this.#isHeld = false;
    this.flush();
  }

  /** Takes what was read in a tick that took `elapsed` milliseconds. */
  take(entries: readonly DecodedEntry[], elapsed: number): void {
    if (!this.wantsEntries) return;
    const most = this.#mostEntries;
    // At most a quarter of a second at once: that is what a page can show without a hitch.
    this.#allowance = Math.min(this.#allowance + most * elapsed / 1000, Math.max(most / 4, 1));
    const matching = this.filter.isEmpty
      ? entries
      : entries.filter(({ text, source }) => this.filter.matches(text, undefined, source));
    this.#matched += matching.length;
    const chosen = sample(matching, Math.floor(this.#allowance));
    this.#allowance -= chosen.length;
    this.#left += matching.length - chosen.length;
    this.#outbox.push(chosen.map(rowOf));
  }

  /** Says how many were passed over before they were looked at: would they have matched? */
  passOver(count: number): void {
    if (this.wantsEntries && this.filter.isEmpty) this.#left += count;
  }

  /** Sends what waits, if the page has taken what it was sent before. */
  flush(): void {
    if (!this.#sink.isReady) return;
    if (this.#state !== undefined) {
      this.#sink.send("state", this.#state);
      this.#state = undefined;
    }
    if (this.#ring !== undefined) {
      this.#sink.send("ring", this.#ring);
      this.#ring = undefined;
    }
    while (this.#past !== undefined && this.#sink.isReady) {
      const { rows, left } = this.#past;
      this.#send({ rows: rows.take(MOST_AT_ONCE), left, isPast: true });
      this.#past = rows.length > 0 ? { rows, left: 0 } : undefined;
    }
    while (!this.#isHeld && this.#outbox.length > 0 && this.#sink.isReady) {
      const rows = this.#outbox.take(MOST_AT_ONCE);
      this.#sent += rows.length;
      this.#send({ rows, left: this.#left });
      this.#left = 0;
    }
  }

  /** Sends the numbers, unless the page is slow: then newer ones will do. */
  sendStats(now: number, shared: SharedStats): void {
    this.#rates.add(now, [this.#matched, this.#sent]);
    if (!this.#sink.isReady) return;
    this.#sink.send("stats", {
      ...shared,
      matched: Math.round(this.#rates.perSecond(0)),
      sent: Math.round(this.#rates.perSecond(1)),
      dropped: this.#outbox.dropped,
    });
  }

  /** Sends the state of the log, as soon as the page takes it. */
  sendState(state: LogState): void {
    // What was read before comes before.
    this.flush();
    this.#state = state;
    this.segment = state.segment;
    this.flush();
  }

  #send(entries: Entries): void {
    const last = entries.rows.at(-1)?.[0];
    const id = last === undefined ? undefined : placeOf(last, this.segment);
    this.#sink.send("entries", entries, id);
  }

  /** Sends the picture, as soon as the page takes it; only the newest one. */
  sendRing(ring: RingPicture): void {
    this.#ring = ring;
  }
}
