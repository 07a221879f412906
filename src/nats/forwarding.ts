/**
 * A log that is being forwarded.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { ClosedError, StreamUnusableError } from "../errors.ts";
import type { EntryBatch } from "../log/batch.ts";
import { type Cursor, isCursorOf } from "../shm_log/cursor.ts";
import type { ReopenEvent } from "../shm_log/follow.ts";
import type { ShmLogReader } from "../shm_log/reader.ts";
import { sleep } from "../sleep.ts";
import type { NatsLink, NatsStatus } from "./connect.ts";
import type { ForwardOptions, ForwardStats, ForwardTrouble } from "./forward_options.ts";
import { LagClock } from "./lag.ts";
import { type GapReason, MessageEncoder, segmentWord } from "./message.ts";
import { NatsCarrier } from "./nats_carrier.ts";
import { type Lane, Outbox, type OutMessage } from "./outbox.ts";
import type { StateFile } from "./state_file.ts";

/** How often the state file is written, and the log is looked at for the lag, in milliseconds. */
const INTERVAL = 1000;
/** How often to look whether a log has come to an entry: beside a busy writer a look may see too few. */
const LOOKS = 8;

/** What a forwarding is made of. */
export interface ForwardingParts {
  /** The log. */
  readonly reader: ShmLogReader;
  /** What the user wants. */
  readonly options: ForwardOptions;
  /** What this machine is called. */
  readonly host: string;
  /** The template of the subject. */
  readonly subject: string;
  /** The connection. */
  readonly link: NatsLink;
  /** The state file, if there is one. */
  readonly state: StateFile | undefined;
  /** What was in it. */
  readonly cursor: Cursor | undefined;
  /** The largest message that the stream takes, in bytes. */
  readonly maxMessageSize: number;
}

/** The segment that a reader reads, with what makes its messages. */
export function laneOf(reader: ShmLogReader, host: string, subject: string): Lane {
  const { device, inode, created } = reader.position;
  const identity = { device, inode, created };
  const source = { host, name: reader.name, segment: segmentWord(identity) };
  return { identity, encoder: new MessageEncoder(source, subject) };
}

/** What is forwarded where, as a short word: a state file is of that. */
export function routeOf(stream: string, subject: string, { source }: MessageEncoder): string {
  // The template, not what becomes of it: that may change with the segment.
  return crc32(JSON.stringify([stream, subject, source.host, source.name])).toString(16);
}

/** A log that is being forwarded: see `forward()`. */
export class Forwarding implements AsyncDisposable {
  /**
   * Fulfilled at the end with what was counted: after `close()`, or when `signal` is aborted. Rejected
   * if it can't go on: with a `NatsRefusedError`, a `StreamUnusableError`, or what the reader throws.
   */
  readonly done: Promise<ForwardStats>;
  readonly #parts: ForwardingParts;
  readonly #reader: ShmLogReader;
  readonly #ending = new AbortController();
  readonly #outbox: Outbox;
  readonly #carrier: NatsCarrier;
  readonly #forget: () => void;
  #lag = new LagClock();
  #lane: Lane;
  /** The number of the entry that comes next. */
  #next = 1;
  /** A gap before it that is not sent yet. */
  #owed: { lane: Lane; from: number; to: number; reason: GapReason }[] = [];
  #settledLane: Lane;
  #settledNumber = 0;
  #savedLane: Lane | undefined;
  #savedNumber = -1;
  #lastNumber = 0;
  #acknowledged = 0;
  #bytes = 0;
  #gaps = 0;
  #lost = 0;
  #failure: { error: unknown } | undefined;
  #flushes: { lane: Lane; to: number; resolve: () => void; reject: (error: unknown) => void }[] =
    [];

  private constructor(parts: ForwardingParts, carrier: NatsCarrier, outbox: Outbox) {
    const { reader, options, link } = parts;
    this.#parts = parts;
    this.#reader = reader;
    this.#carrier = carrier;
    this.#outbox = outbox;
    this.#lane = this.#settledLane = laneOf(reader, parts.host, parts.subject);
    this.#forget = link.listen((status) => this.#heard(status));
    this.#findStart();
    const abort = () => this.#ending.abort();
    options.signal?.addEventListener("abort", abort);
    if (options.signal?.aborted) abort();
    this.done = this.#run().finally(() => options.signal?.removeEventListener("abort", abort));
    // Who does not look at it hears of it by close(), or not at all; it does not end the process.
    this.done.catch(() => {});
  }

  /**
   * Begins. Use `forward()`.
   *
   * @internal
   */
  static async start(parts: ForwardingParts): Promise<Forwarding> {
    const { options, link, maxMessageSize } = parts;
    const { stream, inboxPrefix } = options;
    // They know each other. Nothing is heard before all of them are there.
    const carrier = await NatsCarrier.on(
      link,
      { stream, maxMessageSize, ...inboxPrefix !== undefined && { inboxPrefix } },
      {
        acknowledged: (attempt, ticket, isDuplicate) =>
          outbox.acknowledged(attempt, ticket, isDuplicate),
        refused: (attempt, ticket, refusal) => outbox.refused(attempt, ticket, refusal),
        misled: (other) => forwarding.#misled(other),
        forbidden: (error) => forwarding.#fail(error),
      },
    );
    const outbox: Outbox = new Outbox(carrier, {
      maxMessages: options.maxInFlight ?? 4096,
      maxBytes: options.maxInFlightBytes ?? 4 << 20,
      ackTimeout: options.ackTimeout ?? 5000,
      tooLarge: options.tooLarge ?? "gap",
      onSettled: (message) => forwarding.#wasSettled(message),
      onRefused: (refusal) =>
        forwarding.#trouble(
          refusal === undefined ? "resumed" : "refused",
          refusal?.description ?? "the stream takes entries again",
        ),
      onSilence: () => forwarding.#lookAtLink(),
    });
    const forwarding: Forwarding = new Forwarding(parts, carrier, outbox);
    return forwarding;
  }

  /** What has been done by now, and how far behind it is. */
  get stats(): ForwardStats {
    this.#look();
    const { counts, pending, refusal } = this.#outbox;
    const isCurrent = this.#settledLane === this.#lane;
    const done = isCurrent ? this.#settledNumber : 0;
    return {
      sent: counts.sent,
      resent: counts.resent,
      acknowledged: this.#acknowledged,
      bytes: this.#bytes,
      duplicates: counts.duplicates,
      gaps: this.#gaps,
      lostEntries: this.#lost,
      truncated: counts.truncated,
      inFlight: pending,
      lagEntries: Math.max(0, this.#lastNumber - done) + (isCurrent ? 0 : pending),
      lagSeconds: this.#lag.lagAfter(done, performance.now()) / 1000,
      refusal: refusal?.description,
      isConnected: this.#carrier.isConnected,
      position: this.#position(),
    };
  }

  /**
   * Waits until all that is in the log at this moment is in the stream, as entries or as gaps.
   *
   * @throws {ClosedError} if the forwarding ends before, for its own reason if it has one
   */
  flush(): Promise<void> {
    this.#look();
    const [lane, to] = [this.#lane, this.#lastNumber];
    if (this.#hasSettled(lane, to)) return Promise.resolve();
    if (this.#isEnded) return Promise.reject(this.#endError());
    return new Promise((resolve, reject) => this.#flushes.push({ lane, to, resolve, reject }));
  }

  /**
   * Reads no more, waits for the answers to what is on its way (`closeTimeout`), and writes the state
   * file. May be called twice. Gives what was counted, or the error of `done`.
   */
  close(): Promise<ForwardStats> {
    this.#ending.abort();
    return this.done;
  }

  /** Closes. Why it had ended before, if it had, is told by `done`, not here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  #isEnded = false;

  /** Finds where to begin. */
  #findStart(): void {
    const { cursor, options } = this.#parts;
    const reader = this.#reader;
    if (cursor !== undefined) {
      if (isCursorOf(cursor, this.#lane.identity) && this.#hasComeTo(cursor.sequenceNumber)) {
        this.#next = cursor.sequenceNumber + 1;
        this.#settledNumber = cursor.sequenceNumber;
      } else {
        // After this: who hears of it may not have the forwarding yet.
        queueMicrotask(() =>
          this.#trouble(
            "replaced",
            `the log was replaced: what came after its entry ${cursor.sequenceNumber} is not known`,
          )
        );
      }
      return;
    }
    const { lastSequenceNumber: passed, continuation } = reader;
    const { firstSequenceNumber, lastSequenceNumber } = reader.inspect();
    if (continuation !== undefined) {
      // It was told where to begin: after entries that are somebody else's business.
      this.#next = passed - continuation.lostEntries + 1;
      this.#settledNumber = this.#next - 1;
    } else if (passed > 0) this.#miss(Math.min(passed + 1, firstSequenceNumber), "overwritten");
    // Entries that are there, and that the reader is not to read.
    this.#miss((options.start === "new" ? lastSequenceNumber : passed) + 1, "not wanted");
  }

  #hasComeTo(sequenceNumber: number): boolean {
    for (let look = 0; look < LOOKS; look++) {
      if (this.#reader.inspect().lastSequenceNumber >= sequenceNumber) return true;
    }
    return false;
  }

  async #run(): Promise<ForwardStats> {
    const { options, state, link } = this.#parts;
    // Not before the constructor is done.
    await undefined;
    const timer = setInterval(() => this.#tick(), INTERVAL);
    try {
      const { maxSleep, reopen = true } = options;
      const batches = this.#reader.followBatches({
        signal: this.#ending.signal,
        reopen,
        onReopen: (event) => this.#reopened(event),
        ...maxSleep !== undefined && { maxSleep },
      });
      this.#pay();
      for await (const batch of batches) await this.#take(batch);
    } catch (error) {
      this.#failure ??= { error };
    }
    clearInterval(timer);
    // What the reader threw is no reason not to wait for what is on its way.
    const patience = new AbortController();
    if (!this.#outbox.isClosed) {
      await Promise.race([
        this.#outbox.settled(),
        sleep(options.closeTimeout ?? 5000, patience.signal),
      ]);
    }
    patience.abort();
    const stats = this.stats;
    this.#isEnded = true;
    this.#outbox.close();
    this.#carrier.close();
    this.#forget();
    try {
      if (this.#hasNews()) state?.saveNow(this.#savedState());
    } catch (error) {
      this.#failure ??= { error };
    }
    state?.close();
    if (options.link === undefined) await link.close();
    for (const { reject } of this.#flushes.splice(0)) reject(this.#endError());
    if (this.#failure !== undefined) throw this.#failure.error;
    return stats;
  }

  /** Sends what is new of a batch. */
  async #take(batch: EntryBatch): Promise<void> {
    const time = Date.now();
    const first = batch.sequenceNumber(0);
    if (first > this.#next) this.#miss(first, "overwritten");
    while (this.#owed.length > 0 && !this.#ending.signal.aborted) {
      if (!this.#outbox.hasRoom(0)) await this.#room(0);
      this.#pay();
    }
    const outbox = this.#outbox;
    for (let i = Math.max(0, this.#next - first); i < batch.length; i++) {
      const bytes = batch.bytes(i);
      if (!outbox.hasRoom(bytes.length)) await this.#room(bytes.length);
      // What is left will be read by the next forwarder.
      if (this.#ending.signal.aborted) return;
      outbox.addEntry(this.#lane, this.#next++, bytes, time);
    }
  }

  /** Waits for room, or for the end. */
  async #room(size: number): Promise<void> {
    const { signal } = this.#ending;
    if (signal.aborted) return;
    const ended = Promise.withResolvers<void>();
    const end = () => ended.resolve();
    signal.addEventListener("abort", end);
    await Promise.race([this.#outbox.room(size), ended.promise]);
    signal.removeEventListener("abort", end);
  }

  /** Notes that entries up to the one before `next` are missing. */
  #miss(next: number, reason: GapReason): void {
    if (next <= this.#next) return;
    const gap = { lane: this.#lane, from: this.#next, to: next - 1, reason };
    this.#owed.push(gap);
    this.#next = next;
    const { from, to } = gap;
    const { source } = this.#lane.encoder;
    const count = to - from + 1;
    const time = Date.now();
    this.#parts.options.onGap?.({ kind: "gap", ...source, from, to, count, reason, time });
  }

  /** Sends the gaps that are owed, as far as there is room. */
  #pay(): void {
    while (this.#owed.length > 0 && this.#outbox.hasRoom(0)) {
      const { lane, from, to, reason } = this.#owed.shift()!;
      this.#outbox.addGap(lane, from, to, reason, Date.now());
    }
  }

  /** The writer has begun anew. */
  #reopened({ from }: ReopenEvent): void {
    this.#miss(from.sequenceNumber + 1, "overwritten");
    const { host, subject } = this.#parts;
    this.#lane = laneOf(this.#reader, host, subject);
    this.#next = 1;
    this.#lag = new LagClock();
    this.#lastNumber = 0;
    this.#pay();
  }

  #wasSettled({ lane, from, to, reason, size }: OutMessage): void {
    this.#settledLane = lane!;
    this.#settledNumber = to;
    if (reason === undefined) {
      this.#acknowledged++;
      this.#bytes += size;
    } else {
      this.#gaps++;
      this.#lost += to - from + 1;
    }
    if (this.#flushes.length > 0) this.#answerFlushes();
  }

  #answerFlushes(): void {
    this.#flushes = this.#flushes.filter(({ lane, to, resolve }) => {
      if (!this.#hasSettled(lane, to)) return true;
      resolve();
      return false;
    });
  }

  /** Whether all of a segment up to an entry is in the stream. */
  #hasSettled(lane: Lane, to: number): boolean {
    if (lane === this.#settledLane) return this.#settledNumber >= to;
    // A segment of before is done as soon as something of a later one is.
    return lane !== this.#lane || to === 0;
  }

  #endError(): unknown {
    return this.#failure?.error ?? new ClosedError("the forwarding has ended");
  }

  #position(): Cursor {
    return { ...this.#settledLane.identity, sequenceNumber: this.#settledNumber };
  }

  #savedState(): object {
    const { options, subject } = this.#parts;
    const route = routeOf(options.stream, subject, this.#lane.encoder);
    return { route, cursor: this.#position() };
  }

  #hasNews(): boolean {
    return this.#settledLane !== this.#savedLane || this.#settledNumber !== this.#savedNumber;
  }

  /** Once a second. */
  #tick(): void {
    this.#look();
    const { state } = this.#parts;
    if (state === undefined || !this.#hasNews()) return;
    const [lane, number] = [this.#settledLane, this.#settledNumber];
    try {
      if (!state.save(this.#savedState())) return;
      this.#savedLane = lane;
      this.#savedNumber = number;
    } catch (error) {
      this.#trouble("state", (error as Error).message);
    }
  }

  /** Looks how far the writer is. */
  #look(): void {
    try {
      this.#lastNumber = Math.max(this.#lastNumber, this.#reader.inspect().lastSequenceNumber);
    } catch {
      // It is closed, or cut off: following it tells that.
      return;
    }
    this.#lag.look(performance.now(), this.#lastNumber);
    if (this.#settledLane === this.#lane) this.#lag.forget(this.#settledNumber);
  }

  #heard({ type, error }: NatsStatus): void {
    if (type === "connected") {
      this.#carrier.attach();
      this.#outbox.connected();
    } else if (type === "disconnected") this.#outbox.disconnected();
    else if (type === "closed") this.#fail(error ?? new ClosedError("the connection is closed"));
    else if (type === "refused") {
      const { operation, subject } = Object(error?.cause);
      if (operation === "publish" && subject === this.#lane.encoder.subject) this.#fail(error);
    }
  }

  /** There is no answer: is there a server? */
  async #lookAtLink(): Promise<void> {
    const { link, options } = this.#parts;
    const { ackTimeout = 5000 } = options;
    this.#trouble("silent", `no answer for ${ackTimeout} ms`);
    const patience = new AbortController();
    const isAlive = await Promise.race([
      link.client.flush().then(() => true, () => false),
      sleep(ackTimeout, patience.signal).then(() => false),
    ]);
    patience.abort();
    // What can't be renewed is closed, and we hear that.
    if (!isAlive && link.isConnected) await link.renew().catch(() => {});
  }

  #misled(other: string): void {
    const { subject } = this.#lane.encoder;
    const { stream } = this.#parts.options;
    this.#fail(
      new StreamUnusableError(`stream "${other}" takes "${subject}" by now, and not "${stream}"`),
    );
  }

  #trouble(type: ForwardTrouble["type"], message: string): void {
    this.#parts.options.onTrouble?.({ type, message });
  }

  /** Ends without waiting for answers. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#outbox.close();
    this.#ending.abort();
  }
}
