/**
 * A log that is being forwarded.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { ClosedError, OverrunError, StreamUnusableError } from "../errors.ts";
import type { EntryBatch } from "../log/batch.ts";
import { type Cursor, isCursorOf } from "../shm_log/cursor.ts";
import type { ReopenEvent } from "../shm_log/follow.ts";
import type { ShmLogReader } from "../shm_log/reader.ts";
import { sleep } from "../sleep.ts";
import type { NatsLink, NatsStatus } from "./connect.ts";
import type { ForwardOptions, ForwardStats, ForwardTrouble } from "./forward_options.ts";
import { type GapReason, MessageEncoder, segmentWord } from "./message.ts";
import { NatsCarrier } from "./nats_carrier.ts";
import { type Lane, Outbox } from "./outbox.ts";
import { Progress } from "./progress.ts";
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
export function laneOf(
  reader: ShmLogReader,
  host: string,
  subject: string,
  order: number = 0,
): Lane {
  const { device, inode, created } = reader.position;
  const identity = { device, inode, created };
  const source = { host, name: reader.name, segment: segmentWord(identity) };
  return { identity, encoder: new MessageEncoder(source, subject), order };
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
  readonly #progress: Progress;
  #lane: Lane;
  /** The number of the entry that comes next. */
  #next = 1;
  /** How many times the writer had overtaken the reader at the last batch; -1 before the first one. */
  #overruns = -1;
  /** Gaps before it that are not sent yet. */
  #owed: { lane: Lane; from: number; to: number; reason: GapReason }[] = [];
  #failure: { error: unknown } | undefined;

  private constructor(parts: ForwardingParts, carrier: NatsCarrier, outbox: Outbox) {
    const { reader, options, link } = parts;
    this.#parts = parts;
    this.#reader = reader;
    this.#carrier = carrier;
    this.#outbox = outbox;
    this.#lane = laneOf(reader, parts.host, parts.subject);
    const isIdle = () => outbox.pending === 0 && this.#owed.length === 0;
    this.#progress = new Progress(reader, this.#lane, isIdle);
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
      onSettled: (message) => forwarding.#progress.settled(message),
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
    this.#progress.look();
    const { acknowledged, bytes, gaps, lostEntries, lag, position } = this.#progress;
    const { counts, pending, refusal } = this.#outbox;
    const { sent, resent, duplicates, truncated } = counts;
    return {
      ...{ sent, resent, acknowledged, bytes, duplicates, gaps, lostEntries, truncated },
      inFlight: pending,
      lagEntries: Math.max(lag.entries, pending),
      lagSeconds: lag.seconds,
      refusal: refusal?.description,
      isConnected: this.#carrier.isConnected,
      position,
    };
  }

  /**
   * Waits until all that is in the log at this moment is in the stream, as entries or as gaps.
   *
   * @throws {ClosedError} if the forwarding ends before, for its own reason if it has one
   */
  flush(): Promise<void> {
    return this.#progress.flushed();
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

  /** Finds where to begin. */
  #findStart(): void {
    const { cursor, options } = this.#parts;
    const reader = this.#reader;
    if (cursor !== undefined) {
      if (isCursorOf(cursor, this.#lane.identity) && this.#hasComeTo(cursor.sequenceNumber)) {
        this.#next = cursor.sequenceNumber + 1;
        this.#progress.startAfter(cursor.sequenceNumber);
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
      this.#progress.startAfter(this.#next - 1);
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
      this.#pay();
      while (!this.#ending.signal.aborted) await this.#follow();
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
    const { stats } = this;
    this.#outbox.close();
    this.#carrier.close();
    this.#forget();
    try {
      this.#progress.save((position) => {
        state?.saveNow(this.#stateAt(position));
        return true;
      });
    } catch (error) {
      this.#failure ??= { error };
    }
    state?.close();
    if (options.link === undefined) await link.close();
    this.#progress.end(this.#failure);
    if (this.#failure !== undefined) throw this.#failure.error;
    return stats;
  }

  /** Forwards until the end, or until the reader says that it was overtaken. */
  async #follow(): Promise<void> {
    const { maxSleep, reopen = true } = this.#parts.options;
    const batches = this.#reader.followBatches({
      signal: this.#ending.signal,
      reopen,
      onReopen: (event) => this.#reopened(event),
      ...maxSleep !== undefined && { maxSleep },
    });
    try {
      for await (const batch of batches) await this.#take(batch);
    } catch (error) {
      // With onOverrun "throw". By how much, the next number tells.
      if (!(error instanceof OverrunError)) throw error;
    }
  }

  /** Sends what is new of a batch. */
  async #take(batch: EntryBatch): Promise<void> {
    const time = Date.now();
    const first = batch.sequenceNumber(0);
    const { overruns } = this.#reader;
    // What is missing behind the first batch, and not since the writer was quicker, can't be read.
    const isDamaged = this.#overruns === overruns;
    this.#overruns = overruns;
    if (first > this.#next) this.#miss(first, isDamaged ? "damaged" : "overwritten");
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
    this.#lane = laneOf(this.#reader, host, subject, this.#lane.order + 1);
    this.#next = 1;
    this.#overruns = -1;
    this.#progress.begin(this.#lane);
    this.#pay();
  }

  /** What the state file is to say. */
  #stateAt(cursor: Cursor): object {
    const { options, subject } = this.#parts;
    return { route: routeOf(options.stream, subject, this.#lane.encoder), cursor };
  }

  /** Once a second. */
  #tick(): void {
    this.#progress.look();
    const { state } = this.#parts;
    if (state === undefined) return;
    try {
      this.#progress.save((position) => state.save(this.#stateAt(position)));
    } catch (error) {
      this.#trouble("state", (error as Error).message);
    }
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
    try {
      this.#parts.options.onTrouble?.({ type, message });
    } catch (error) {
      // Not into the client, from which some of this is called.
      this.#fail(error);
    }
  }

  /** Ends without waiting for answers. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#outbox.close();
    this.#ending.abort();
  }
}
