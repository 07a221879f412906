/**
 * A log that is being forwarded, by whatever carries it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { hostName } from "../host_name.ts";
import { crc32 } from "node:zlib";
import { abortWith, deadline } from "../async.ts";
import { CorruptStateError } from "../errors.ts";
import { checkCursor, type Cursor, isCursorOf } from "../log/native/cursor.ts";
import type { ShmLogReader } from "../log/native/shm_log_reader.ts";
import type { SendCarrier, Sender } from "./carrier.ts";
import type { ForwardStats, ForwardTrouble, ShipOptions } from "./forward_options.ts";
import { Intake } from "./intake.ts";
import { laneOf, type OutMessage } from "./out_message.ts";
import { Outbox } from "./outbox.ts";
import { Progress } from "./progress.ts";
import { StateFile } from "./state_file.ts";

/** How often the state file is written, and the log is looked at for the lag, in milliseconds. */
const INTERVAL = 1000;
/** For how many of these what was left out is not reported, if nothing else is sent that could say so. */
const TELL_AFTER = 10;
/** The size of the key of message ids, in bytes. */
const SECRET_SIZE = 16;

interface Kept {
  readonly cursor?: Cursor;
  readonly rewinds: number;
  readonly secret?: Uint8Array;
}

/**
 * A log that is being forwarded: see `forward()`.
 *
 * @example How far behind it is
 * ```typescript
 * import { ShmLogReader } from "@ouroboros/log";
 * import { forward } from "@ouroboros/log/nats";
 *
 * using reader = ShmLogReader.open("/app", { strategy: "oldest", onDamage: "skip" });
 * await using forwarding = await forward(reader, { stream: "LOGS", state: "forward.state" });
 * setInterval(() => {
 *   const { lagEntries, lagSeconds, refusal } = forwarding.stats;
 *   if (lagSeconds > 60) console.warn(`${lagEntries} entries behind: ${refusal ?? "no answer"}`);
 * }, 10_000);
 * await forwarding.done;
 * ```
 */
export class Forwarding implements AsyncDisposable {
  readonly #options: ShipOptions;
  readonly #state: StateFile | undefined;
  readonly #route: string;
  readonly #secret: Uint8Array;
  /** Up to which entry a forwarder before us may have sent something under the same ids. */
  readonly #oldest: number;
  /** Aborted when nothing more is to be read, and when nothing more is waited for. */
  readonly #ending = new AbortController();
  readonly #ended = new AbortController();
  #sender!: Sender;
  readonly #outbox: Outbox;
  readonly #intake: Intake;
  readonly #progress: Progress;
  /** How often nothing was sent that says what was left out. */
  #untold = 0;
  #strange: { count: number; first: number } | undefined;
  #failure: { error: unknown } | undefined;
  #done!: Promise<ForwardStats>;

  private constructor(
    reader: ShmLogReader,
    options: ShipOptions,
    { host, route, state }: { host: string; route: string; state: StateFile | undefined },
  ) {
    this.#options = options;
    this.#state = state;
    this.#route = route;
    const kept = keptIn(state, route);
    const { cursor } = kept;
    this.#secret = kept.secret ?? new Uint8Array(randomBytes(SECRET_SIZE));
    // Before anything is sent: the next forwarder must know it.
    if (kept.secret === undefined) {
      state?.saveNow(valueOf({ ...kept, route, secret: this.#secret }));
    }
    this.#oldest = state?.value === undefined ? 0 : reader.newestSequenceNumber();
    const outbox = this.#outbox = new Outbox({
      maxMessages: options.maxInFlight ?? 4096,
      maxBytes: options.maxInFlightBytes ?? 4 << 20,
      ackTimeout: options.ackTimeout ?? 5000,
      tooLarge: options.tooLarge ?? "gap",
      onSettled: (message) => this.#progress.settled(message),
      onRefused: (refusal) =>
        this.#trouble(
          refusal === undefined ? "resumed" : "refused",
          refusal?.description ?? "entries are taken again",
        ),
      onRejected: (count, description) =>
        this.#trouble(
          "rejected",
          `${count} ${count === 1 ? "record was" : "records were"} thrown away: ${description}`,
        ),
      onStrangeDuplicate: (message) => this.#foundStrange(message),
      onSilence: () => this.#lookAtSender(),
      onFailed: (error) => this.#fail(error),
    });
    const isSame = cursor !== undefined && isCursorOf(cursor, reader.position);
    const lane = laneOf(reader, host, 0, isSame ? kept.rewinds : 0);
    const progress = this.#progress = new Progress(
      reader,
      lane,
      () => outbox.pending === 0 && !this.#intake.owes,
    );
    this.#intake = new Intake({
      ...{ reader, options, cursor, outbox, progress, lane, signal: this.#ending.signal },
      onReplaced: ({ sequenceNumber }) => {
        const message =
          `the log was replaced, or lost its end: what came after entry ${sequenceNumber} is not known`;
        // After this: the caller does not have the forwarding yet.
        queueMicrotask(() => this.#trouble("replaced", message));
      },
    });
  }

  /**
   * Begins to forward a log by a carrier, when that is connected. Use `forward()`.
   *
   * @internal
   * @throws {StateLockedError} if another forwarder has the state file
   * @throws {CorruptStateError} if the file is not a state file
   * @throws {RangeError} if the state file is of another route, or a name is not usable
   * @throws {OuroborosError} what the carrier throws
   * @throws {DOMException} the reason of `signal` when it is aborted before all that
   */
  static async start(
    reader: ShmLogReader,
    options: ShipOptions,
    carrier: SendCarrier,
  ): Promise<Forwarding> {
    const { host = hostName() ?? "localhost", signal } = options;
    // First what can be wrong here, then what takes a server.
    const { source } = laneOf(reader, host);
    carrier.checkSource(source);
    // The options, not the subject that is made of them: that may change with the segment.
    const route = crc32(JSON.stringify([...carrier.route, host, reader.name])).toString(16);
    const state = options.state === undefined ? undefined : StateFile.open(options.state);
    try {
      const forwarding = new Forwarding(reader, options, { host, route, state });
      const outbox = forwarding.#outbox;
      outbox.begin(
        forwarding.#sender = await carrier.open(outbox, forwarding.#secret, source, signal),
      );
      forwarding.#done = forwarding.#run();
      // A caller may learn of it by close(), or not at all: it must not end the process.
      forwarding.#done.catch(() => {});
      return forwarding;
    } catch (error) {
      state?.close();
      throw error;
    }
  }

  /**
   * Fulfilled at the end with what was counted: after `close()`, or when `signal` is aborted. Rejected
   * if it can't continue: with what the carrier says, or what the reader throws.
   */
  get done(): Promise<ForwardStats> {
    return this.#done;
  }

  /** What has been done by now, and how far behind it is. */
  get stats(): ForwardStats {
    this.#progress.look();
    const { acknowledged, bytes, gaps, lostEntries, filtered, lag, position } = this.#progress;
    const { counts, pending, refusal } = this.#outbox;
    const { sent, resent, duplicates, truncated, rejected } = counts;
    return {
      ...{ sent, resent, acknowledged, bytes, duplicates, gaps, lostEntries, filtered },
      ...{ truncated, rejected },
      inFlight: pending,
      lagEntries: Math.max(lag.entries, pending),
      lagSeconds: lag.seconds,
      refusal: refusal?.description,
      isConnected: this.#sender.isConnected,
      position,
    };
  }

  /**
   * Waits until all that is in the log at this moment has arrived, as entries or as gaps, or was left out
   * by `select`.
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
    return this.#done;
  }

  /** Closes. Why it had ended before, if it had, is reported by `done`, not here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  async #run(): Promise<ForwardStats> {
    const { signal, closeTimeout = 5000 } = this.#options;
    using _linked = abortWith(this.#ending, signal);
    let timer: ReturnType<typeof setInterval> | undefined;
    try {
      this.#intake.findStart();
      timer = setInterval(() => this.#tick(), INTERVAL);
      await this.#intake.run();
    } catch (error) {
      this.#failure ??= { error };
    }
    clearInterval(timer);
    this.#intake.tellFiltered();
    // What the reader threw is no reason not to wait for what is on its way.
    if (!this.#outbox.isClosed) {
      await deadline(this.#outbox.settled(), closeTimeout).catch(() => {});
    }
    this.#ended.abort();
    const { stats } = this;
    this.#outbox.close();
    this.#sayStrange();
    this.#saveLast();
    this.#progress.end(this.#failure);
    try {
      await this.#sender.close();
    } catch (error) {
      this.#failure ??= { error };
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return stats;
  }

  #tick(): void {
    this.#progress.look();
    this.#sayStrange();
    try {
      this.#intake.giveUpOld();
    } catch (error) {
      // What `select` throws ends it.
      this.#fail(error);
    }
    this.#untold = this.#intake.hasFiltered ? this.#untold + 1 : 0;
    if (this.#untold >= TELL_AFTER) this.#intake.tellFiltered();
    const state = this.#state;
    if (state === undefined || !this.#hasPlace) return;
    try {
      this.#progress.save((position) => state.save(this.#stateAt(position)));
    } catch (error) {
      this.#trouble("state", (error as Error).message);
    }
  }

  /** Leaves the last word in the state file, and the file to others. */
  #saveLast(): void {
    const state = this.#state;
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

  /** Whether there is a place: not before it is known there what was skipped, or the next skips less. */
  get #hasPlace(): boolean {
    return !this.#intake.hasSkipped || this.#progress.hasMoved;
  }

  #stateAt(cursor: Cursor): object {
    const { rewinds } = this.#progress;
    return valueOf({ route: this.#route, cursor, rewinds, secret: this.#secret });
  }

  async #lookAtSender(): Promise<void> {
    const { ackTimeout = 5000 } = this.#options;
    this.#trouble("silent", `no answer for ${ackTimeout} ms`);
    await this.#sender.checkAlive(ackTimeout, this.#ended.signal);
  }

  /** A message that we have sent once was there before. An earlier forwarder may have sent it. */
  #foundStrange({ lane, to, from }: OutMessage): void {
    if (lane.order === 0 && to <= this.#oldest) return;
    this.#strange = { count: (this.#strange?.count ?? 0) + 1, first: this.#strange?.first ?? from };
  }

  #sayStrange(): void {
    if (this.#strange === undefined) return;
    const { count, first } = this.#strange;
    this.#strange = undefined;
    this.#trouble(
      "duplicate",
      `${count} messages, from entry ${first} on, were sent for the first time, and the server says ` +
        "that it has them: is there another forwarder with a copy of the state file?",
    );
  }

  #trouble(type: ForwardTrouble["type"], message: string): void {
    try {
      this.#options.onTrouble?.({ type, message });
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

function valueOf({ secret, ...others }: Kept & { route: string }): object {
  return { ...others, key: Buffer.from(secret ?? []).toString("hex") };
}

function keptIn(state: StateFile | undefined, wanted: string): Kept {
  if (state?.value === undefined) return { rewinds: 0 };
  const { route, cursor, rewinds, key } = Object(state.value);
  if (route !== wanted) {
    throw new RangeError(
      `state file ${state.path} is of another log, host name or target: name another file, or ` +
        "remove this one to begin from the start",
    );
  }
  try {
    if (cursor !== undefined) checkCursor(cursor);
  } catch (error) {
    throw new CorruptStateError(`state file ${state.path}: ${(error as Error).message}`);
  }
  return {
    ...cursor !== undefined && { cursor },
    rewinds: Number.isSafeInteger(rewinds) ? rewinds : 0,
    ...typeof key === "string" && { secret: keyIn(key, state.path) },
  };
}

function keyIn(hex: string, path: string): Uint8Array {
  const secret = new Uint8Array(Buffer.from(hex, "hex"));
  if (secret.length === SECRET_SIZE) return secret;
  throw new CorruptStateError(`state file ${path} has no key of ${SECRET_SIZE} bytes`);
}
