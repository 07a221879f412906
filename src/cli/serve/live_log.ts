/**
 * A log that is followed, once, for all pages that look at it.
 *
 * @module
 */

import { SegmentNotFoundError } from "../../errors.ts";
import { WorkTime } from "../../following.ts";
import { ShmLogReader } from "../../log/native/shm_log_reader.ts";
import type { ShmLogReaderOptions } from "../../log/native/reader_options.ts";
import { missingOf } from "../files/cut_off.ts";
import { isSavedCopyAt } from "../../ship/collection.ts";
import { ReceivedLog } from "../output/received_log.ts";
import { findBacklog } from "./backlog.ts";
import { Catalog, type NamedTarget } from "./catalog.ts";
import { CopiedLook } from "./copied_look.ts";
import { isLarge, largeLook } from "./large_look.ts";
import { LogStats, STATS_EVERY } from "./log_stats.ts";
import type { LogState, RingPicture } from "./messages.ts";
import { numberIn, segmentOf } from "./place.ts";
import { confirmDamage, ringPicture } from "./ring_picture.ts";
import { type DecodedEntry, wholeLines } from "./row.ts";
import { Sampler } from "./sampling.ts";
import type { Watcher } from "./watcher.ts";

/** How often the log is read, and pages are sent what is new, in milliseconds. */
const TICK = 50;
/** How often it is read while its writer laps us, in milliseconds. */
const SHORTEST_TICK = 5;
/** How much of the time reading may take: a writer at full speed must not take all of the server. */
const MOST_WORK = 0.4;
/** How many entries are decoded in a second. */
const MOST_DECODED = 100_000;
/** How often the picture of the ring is made at most, in milliseconds. */
const RING_EVERY = 200;
/** How often to look whether the name still leads to this log, in milliseconds. */
const LOOK_EVERY = 500;
/** How many entries of the past a page is shown. */
const MOST_PAST = 1000;
/** How long it may take to come to the end of what was there, in milliseconds. */
const MOST_CATCHING_UP = 100;
/** After how many milliseconds in which no page takes anything the log is not read any more. */
const NOBODY = 5000;
/** How long a log is followed after the last page left, in milliseconds: it may be back at once. */
const LINGER = 5000;

/** A log that is followed for pages. */
export class LiveLog {
  /** Where it is. */
  readonly target: NamedTarget;
  readonly #watchers = new Map<Watcher, AbortController>();
  readonly #onIdle: () => void;
  readonly #stats = new LogStats();
  readonly #sampler = new Sampler();
  readonly #copied = new CopiedLook();
  readonly #lines = wholeLines<DecodedEntry>();
  // The number of the entry after the last one that was decoded.
  #next = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reader: ShmLogReader | undefined;
  #received: ReceivedLog | undefined;
  #copyMode: ShmLogReaderOptions["copyMode"] = "pread";
  // Whether the next segment that has the name came while we looked.
  #isAwaited = false;
  #isLarge = false;
  #isCopy = false;
  #state: LogState = { state: "missing", segment: "" };
  #lastTick = 0;
  #tickLength = TICK;
  #sendDue = 0;
  #leftAt = 0;
  // When a page last took what it was sent.
  #takenAt = 0;
  #statsDue = 0;
  #ringDue = 0;
  readonly #ofRing = new WorkTime();
  #lookDue = 0;
  // How many entries a millisecond were there to be read the last time.
  #expected = 0;

  /** Follows `target` while there are watchers, and calls `onIdle` when the last one is gone. */
  constructor(target: NamedTarget, onIdle: () => void) {
    this.target = target;
    this.#onIdle = onIdle;
  }

  /** Lets a page look on; `after` is the place of the last entry that it has. */
  add(watcher: Watcher, after: string): void {
    // Opened and caught up with before anybody looks on.
    this.#leftAt = performance.now();
    if (this.#timer === undefined) this.#tick();
    const leaving = new AbortController();
    this.#watchers.set(watcher, leaving);
    watcher.segment = this.#state.segment;
    watcher.sink.send("state", this.#state);
    watcher.sink.send("history", this.#stats.history);
    this.#ringDue = 0;
    this.#sendPast(watcher, numberIn(this.#state.segment, after), leaving.signal);
  }

  /** Forgets a page. */
  remove(watcher: Watcher): void {
    this.#watchers.get(watcher)?.abort();
    this.#watchers.delete(watcher);
    this.#leftAt = performance.now();
  }

  /** Ends following. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const leaving of this.#watchers.values()) leaving.abort();
    this.#reader?.close();
    this.#reader = undefined;
    this.#received?.[Symbol.dispose]();
    this.#received = undefined;
  }

  #tick(): void {
    const now = performance.now();
    if (this.#watchers.size === 0 && now - this.#leftAt > LINGER) {
      this.close();
      this.#onIdle();
      return;
    }
    if ([...this.#watchers.keys()].some(({ sink }) => sink.isReady)) this.#takenAt = now;
    else if (now - Math.max(this.#takenAt, this.#leftAt) > NOBODY) {
      // What was overwritten by the time a page takes something again is counted as lost.
      this.#timer = setTimeout(() => this.#tick(), LOOK_EVERY);
      return;
    }
    try {
      if (now >= this.#lookDue) {
        this.#lookDue = now + LOOK_EVERY;
        this.#lookWhatIsThere();
      }
      this.#read(now);
      if (this.#reader?.isFinished) this.#become({ ...this.#state, isFinished: true });
      if (now >= this.#ringDue) this.#drawRing(now);
    } catch (error) {
      this.#fail(error);
    }
    if (now >= this.#statsDue) this.#count(now);
    if (now >= this.#sendDue) {
      // A little early is better than a tick late.
      this.#sendDue = now + TICK - SHORTEST_TICK;
      for (const watcher of this.#watchers.keys()) watcher.flush();
    }
    const rest = Math.max(now + this.#tickLength - performance.now(), 1);
    this.#timer = setTimeout(() => this.#tick(), rest);
  }

  /** Opens the log that has the name now, if it is another one. */
  #lookWhatIsThere(): void {
    if (this.#reader !== undefined) {
      if (!this.#reader.isReplaced()) return;
      if (this.#reader.isWriterAlive() && !this.#reader.isRestarted) return;
      // What was written between the last read and the end of the writer.
      this.#read(performance.now());
      this.#leave();
    }
    const isNew = this.#isAwaited;
    try {
      this.#copyMode = Catalog.isOwn(this.target) ? "map" : "pread";
      this.#isLarge = isLarge(this.target.target);
      this.#isCopy = isSavedCopyAt(this.target.target);
      this.#reader = ShmLogReader.open(this.target.target, {
        // What did not exist when we began is new from its first entry on.
        strategy: isNew ? "auto" : "latest",
        // The live entries are shown, not those that are about to be overwritten.
        onOverrun: "latest",
        onDamage: "skip",
        copyMode: this.#copyMode,
      });
    } catch (error) {
      if (!(error instanceof SegmentNotFoundError)) throw error;
      this.#isAwaited = true;
      this.#become({ state: "missing", segment: this.#state.segment });
      return;
    }
    const missing = missingOf(this.target.target);
    this.#received = ReceivedLog.open(this.target.target);
    this.#isAwaited = true;
    if (!isNew) skipPast(this.#reader);
    this.#stats.begin(this.#reader);
    this.#lastTick = performance.now();
    this.#become({
      state: "live",
      segment: segmentOf(this.#reader.position),
      ...this.#isCopy && { isCopy: true },
      ...missing !== undefined && { missing },
    });
    this.#ringDue = 0;
  }

  #read(now: number): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const passed = Math.max(now - this.#lastTick, 0);
    const elapsed = Math.max(passed, SHORTEST_TICK);
    this.#lastTick = Math.max(now, this.#lastTick);
    const mostDecoded = Math.ceil(MOST_DECODED * Math.min(elapsed, TICK) / 1000);
    this.#sampler.expect(this.#expected * elapsed, mostDecoded);
    const { lostEntries } = reader;
    const isWanted = [...this.#watchers.keys()].some(({ wantsEntries }) => wantsEntries);
    const decoded: DecodedEntry[] = [];
    let [count, bytes, taken] = [0, 0, 0];
    const end = now + MOST_WORK * this.#tickLength;
    do {
      const batch = reader.readBatch();
      if (batch.length === 0) break;
      for (let i = 0; i < batch.length; i++) {
        const length = batch.byteLength(i);
        bytes += length;
        if (!isWanted || taken >= 2 * mostDecoded) continue;
        const number = batch.sequenceNumber(i);
        if (!this.#sampler.takes(number)) continue;
        taken++;
        // Something between the parts of a line is missing.
        if (number !== this.#next) decoded.push(...this.#lines.rest());
        this.#next = number + 1;
        const source = this.#received?.of(number).label;
        const line = this.#lines.take({ number, text: batch.text(i), bytes: length, source });
        if (line !== undefined) decoded.push(line);
      }
      count += batch.length;
    } while (performance.now() < end);
    this.#expected = count / elapsed;
    // Lapped: look sooner. Otherwise there is time.
    this.#tickLength = reader.lostEntries > lostEntries
      ? Math.max(this.#tickLength / 2, SHORTEST_TICK)
      : Math.min(this.#tickLength * 1.1, TICK);
    this.#stats.add(bytes, taken);
    for (const watcher of this.#watchers.keys()) {
      if (count > taken) watcher.passOver(count - taken);
      watcher.take(decoded, passed);
    }
  }

  #count(now: number): void {
    this.#statsDue = now + STATS_EVERY;
    const shared = this.#stats.take(now, this.#reader);
    for (const watcher of this.#watchers.keys()) watcher.sendStats(now, shared);
  }

  #drawRing(now: number): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    // Before the look: one that finishes meanwhile is not dead.
    const isAlive = reader.isWriterAlive();
    const large = this.#isLarge ? largeLook(this.target.target) : undefined;
    if (this.#isLarge && large === undefined) return;
    const look = () =>
      this.#copyMode === "map" ? reader.inspect() : this.#copied.inspect(this.target.target);
    const first = large?.info ?? look();
    const second = first !== undefined && first.damage.length > 0 ? look() : undefined;
    if (first !== undefined) {
      const info = second === undefined ? first : confirmDamage(first, second);
      const picture: RingPicture = {
        ...ringPicture(info, isAlive),
        ...large?.chunks,
        ...this.#isCopy && { isCopy: true },
      };
      for (const watcher of this.#watchers.keys()) watcher.sendRing(picture);
    }
    // A log of many small entries takes long to look through: no more than a twentieth of the time.
    this.#ringDue = now + Math.max(RING_EVERY, 20 * this.#ofRing.took(performance.now() - now));
  }

  async #sendPast(watcher: Watcher, after: number, signal: AbortSignal): Promise<void> {
    const last = this.#reader?.lastSequenceNumber ?? 0;
    // A page that has seen more than there is has seen another log of that name.
    const isContinued = after <= last;
    try {
      const found = !watcher.wantsEntries || this.#reader === undefined
        ? { rows: [], left: 0 }
        : await findBacklog(this.target.target, {
          filter: watcher.filter,
          after: isContinued ? after : 0,
          upTo: last,
          segment: this.#state.segment,
          most: MOST_PAST,
          received: this.#received,
          copyMode: this.#copyMode,
          signal,
          onProgress: (done) => watcher.sink.isReady && watcher.sink.send("progress", { done }),
        });
      if (!signal.aborted) watcher.begin(found);
    } catch {
      // It was removed, or is damaged beyond reading: what comes live will tell.
      if (!signal.aborted) watcher.begin({ rows: [], left: 0 });
    }
  }

  /** Says why the log can't be followed, and tries again: one log must not end the server of all. */
  #fail(error: unknown): void {
    this.#leave();
    this.#lookDue = performance.now() + LOOK_EVERY;
    this.#become({
      segment: this.#state.segment,
      state: "failed",
      reason: error instanceof Error ? error.message : String(error),
    });
  }

  #leave(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const unfinished = this.#lines.rest();
    for (const watcher of this.#watchers.keys()) watcher.take(unfinished, 0);
    this.#stats.end(reader);
    reader.close();
    this.#reader = undefined;
    this.#received?.[Symbol.dispose]();
    this.#received = undefined;
  }

  #become(state: LogState): void {
    const before = this.#state;
    this.#state = state;
    if (
      state.state === before.state && state.segment === before.segment &&
      state.reason === before.reason && state.isFinished === before.isFinished
    ) return;
    for (const watcher of this.#watchers.keys()) watcher.sendState(state);
  }
}

/** Goes past what was there before: that is not live. */
function skipPast(reader: ShmLogReader): void {
  // It began at the newest chunk. A writer at full speed must not keep us here.
  const end = performance.now() + MOST_CATCHING_UP;
  while (reader.readBatch().length > 0 && performance.now() < end);
}
