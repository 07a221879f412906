/**
 * A log that is being forwarded.
 *
 * @module
 */

import { ClosedError, StreamUnusableError } from "../errors.ts";
import type { Cursor } from "../log/native/cursor.ts";
import type { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { NatsLink, NatsStatus } from "./carriers/nats/connect.ts";
import type {
  ForwardOptions,
  ForwardStats,
  ForwardTrouble,
} from "./carriers/nats/forward_options.ts";
import { Intake } from "./intake.ts";
import { laneOf, routeOf } from "./lane.ts";
import { NatsCarrier } from "./carriers/nats/nats_carrier.ts";
import { Outbox } from "./outbox.ts";
import { Progress } from "./progress.ts";
import type { StateFile } from "./state_file.ts";
import { abortWith, deadline } from "../async.ts";

/** How often the state file is written, and the log is looked at for the lag, in milliseconds. */
const INTERVAL = 1000;

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
  /** How often the log had lost its end by then. */
  readonly rewinds: number;
  /** The largest message that the stream takes, in bytes. */
  readonly maxMessageSize: number;
}

/** A log that is being forwarded: see `forward()`. */
export class Forwarding implements AsyncDisposable {
  /**
   * Fulfilled at the end with what was counted: after `close()`, or when `signal` is aborted. Rejected
   * if it can't go on: with a `NatsRefusedError`, a `StreamUnusableError`, or what the reader throws.
   */
  readonly done: Promise<ForwardStats>;
  readonly #parts: ForwardingParts;
  /** Aborted when nothing more is to be read, and when nothing more is waited for. */
  readonly #ending = new AbortController();
  readonly #ended = new AbortController();
  readonly #outbox: Outbox;
  readonly #carrier: NatsCarrier;
  readonly #intake: Intake;
  readonly #progress: Progress;
  #failure: { error: unknown } | undefined;

  private constructor(parts: ForwardingParts, carrier: NatsCarrier, outbox: Outbox) {
    const { reader, options, host, subject, cursor } = parts;
    this.#parts = parts;
    this.#carrier = carrier;
    this.#outbox = outbox;
    const lane = laneOf(reader, host, subject, 0, parts.rewinds);
    const progress = this.#progress = new Progress(
      reader,
      lane,
      () => outbox.pending === 0 && !this.#intake.owesGaps,
    );
    this.#intake = new Intake({
      ...{ reader, options, host, subject, cursor, outbox, progress, lane },
      signal: this.#ending.signal,
      onReplaced: ({ sequenceNumber }) => {
        const message =
          `the log was replaced, or lost its end: what came after entry ${sequenceNumber} is not known`;
        // After this: who hears of it may not have the forwarding yet.
        queueMicrotask(() => this.#trouble("replaced", message));
      },
    });
    this.done = this.#run();
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
        failed: (error) => forwarding.#fail(error),
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

  async #run(): Promise<ForwardStats> {
    const { options, link } = this.#parts;
    using _linked = abortWith(this.#ending, options.signal);
    let unlisten = () => {};
    let timer: ReturnType<typeof setInterval> | undefined;
    try {
      this.#intake.findStart();
      // Not before the constructor is done.
      await undefined;
      unlisten = link.listen((status) => this.#heard(status));
      if (link.isClosed) throw closedError();
      // It may be another connection by now, of which we have not heard.
      this.#carrier.attach();
      timer = setInterval(() => this.#tick(), INTERVAL);
      await this.#intake.run();
    } catch (error) {
      this.#failure ??= { error };
    }
    clearInterval(timer);
    // What the reader threw is no reason not to wait for what is on its way.
    if (!this.#outbox.isClosed) {
      await deadline(this.#outbox.settled(), options.closeTimeout ?? 5000).catch(() => {});
    }
    this.#ended.abort();
    const { stats } = this;
    this.#outbox.close();
    this.#carrier.close();
    unlisten();
    this.#saveLast();
    this.#progress.end(this.#failure);
    if (options.link === undefined) await link.close();
    if (this.#failure !== undefined) throw this.#failure.error;
    return stats;
  }

  /** Once a second. */
  #tick(): void {
    this.#progress.look();
    const { state } = this.#parts;
    if (state === undefined || !this.#hasPlace) return;
    try {
      this.#progress.save((position) => state.save(this.#stateAt(position)));
    } catch (error) {
      this.#trouble("state", (error as Error).message);
    }
  }

  /** Leaves the last word in the state file, and the file to others. */
  #saveLast(): void {
    const { state } = this.#parts;
    if (state === undefined) return;
    try {
      if (this.#hasPlace) {
        this.#progress.save((position) => {
          state.saveNow(this.#stateAt(position));
          return true;
        });
      }
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      state.close();
    }
  }

  /** Whether we are anywhere: not before the stream knows what was skipped, or the next one skips less. */
  get #hasPlace(): boolean {
    return !this.#intake.hasSkipped || this.#progress.hasMoved;
  }

  /** What the state file is to say. */
  #stateAt(cursor: Cursor): object {
    const { options, subject } = this.#parts;
    const route = routeOf(options.stream, subject, this.#intake.lane.encoder);
    return { route, cursor, rewinds: this.#progress.rewinds };
  }

  #heard({ type, error }: NatsStatus): void {
    if (type === "connected") {
      this.#carrier.attach();
      this.#outbox.connected();
    } else if (type === "disconnected") this.#outbox.disconnected();
    else if (type === "closed") this.#fail(error ?? closedError());
    else if (type === "refused") {
      const { operation, subject } = Object(error?.cause);
      if (operation === "publish" && subject === this.#intake.lane.encoder.subject) {
        this.#fail(error);
      }
    }
  }

  /** There is no answer: is there a server? */
  async #lookAtLink(): Promise<void> {
    const { link, options } = this.#parts;
    const { ackTimeout = 5000 } = options;
    this.#trouble("silent", `no answer for ${ackTimeout} ms`);
    const { client } = link;
    const { signal } = this.#ended;
    const isAlive = await deadline(client.flush(), ackTimeout, { signal })
      .then(() => true, () => false);
    if (isAlive || signal.aborted || !link.isConnected || link.client !== client) return;
    // What can't be renewed is closed, and we hear that.
    await link.renew().catch(() => {});
  }

  #misled(other: string): void {
    const { subject } = this.#intake.lane.encoder;
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

function closedError(): ClosedError {
  return new ClosedError("the connection is closed");
}
