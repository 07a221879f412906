/**
 * Where in a stream a receiver is, and the consumer by which the server remembers that.
 *
 * @module
 */

import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import { delay } from "../../../async.ts";
import { StreamUnusableError } from "../../../errors.ts";

/** How long the server waits for an acknowledgement, in milliseconds: a restart does not wait for it. */
const ACK_WAIT = 300_000;
/** How many messages may wait for that: more than are ever held back or on their way. */
const MOST_UNACKNOWLEDGED = 1 << 18;
/** After how long without us the server forgets a consumer that has no name, in milliseconds. */
const FORGET_TIME = 60_000;
/** How long another receiver may have nothing to ask for between two requests, in milliseconds. */
const ASKING_TIME = 50;
const NANOS = 1e6;

/** Which messages of a stream to receive. */
export interface StreamOptions {
  /** The name of the stream. */
  stream: string;
  /** Only messages of these subjects: `"logs.web-1.*"`. Default: all of the stream. */
  subject?: string;
  /**
   * The subject of the forwarders, as they have it: `"logs.7.{host}.{name}"`. A message is believed only
   * if this makes its subject of the host and the name in its headers. Default: what the subjects of
   * the stream say, `{host}.{name}` in the place of their first wildcard.
   */
  template?: string;
  /**
   * The name of a durable consumer, made if it does not exist: the server remembers by it what was
   * handled, so that the next receiver continues there. There is one receiver at a time for a consumer:
   * another one gets an error, or the one that was there, as soon as the server tells them apart.
   * Without it each receiver begins where `from` says, and the server remembers nothing.
   */
  consumer?: string;
  /**
   * Where to begin if there is no such consumer: with the `"oldest"` message of the stream, with those that
   * are `"new"` from now on, or at a number of the stream. Default `"oldest"`.
   */
  from?: "oldest" | "new" | { readonly streamSequence: number };
  /** The domain of JetStream, for a server that is a leaf of others. */
  domain?: string;
  /**
   * How many messages may be on their way, or here and not yet asked for. Default 4096, or fewer: as
   * many as have 32 MiB together, by the average of the stream.
   */
  window?: number;
}

/** Another receiver asks the consumer for messages, or did so a moment ago. */
export class BusyError extends Error {}

export class ConsumerPlace {
  /** Whether the consumer had acknowledged nothing before us: we see the stream from its start. */
  isNew = false;
  /** The number of the first message of the stream, as far as is known. */
  firstSequence = 0;
  /** The number of the last message that the stream had in the beginning; 0 if none was for us. */
  lastSequence = 0;
  /** All up to this number of the stream was handled. */
  floor = 0;
  meanSize = 0;
  subjects: readonly string[] = [];
  readonly #options: StreamOptions;
  /** The config of the consumer that was there before us: it is kept when it is made again. */
  #config: Partial<ConsumerConfig> | undefined;
  /** The name of the consumer; nothing before there is one. */
  #name: string;
  #created = "";
  #isFirst = true;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#name = options.consumer ?? "";
  }

  /**
   * Finds or makes a consumer that gives what comes after all that was handled.
   *
   * @throws {BusyError} if another receiver asks it for messages
   * @throws {StreamUnusableError} if it, or the stream, is not what we need
   */
  async find(jsm: JetStreamManager): Promise<ConsumerInfo> {
    const { stream, consumer } = this.#options;
    const { created, state, config } = await jsm.streams.info(stream);
    if (consumer !== undefined && config.retention !== "limits") {
      throw new StreamUnusableError(
        `stream "${stream}" has retention "${config.retention}": a consumer that keeps its place ` +
          'needs one that keeps its messages, "limits"',
      );
    }
    // Another stream of this name, or one of which the server lost the end with its machine: it gives
    // the same numbers once more, so all is looked at again. What was there before is known by its own.
    const isOther = created !== this.#created || this.floor > state.last_seq;
    if (!this.#isFirst && isOther) this.floor = 0;
    this.#created = created;
    this.firstSequence = state.first_seq;
    this.meanSize = state.bytes / Math.max(1, state.messages);
    this.subjects = config.subjects ?? [];
    const there = this.#name === "" ? undefined : await infoOf(jsm, stream, this.#name);
    let isReady = false;
    if (there !== undefined) {
      checkConsumer(there, this.#options);
      if (consumer !== undefined) await this.#checkIsFree(jsm, there);
      isReady = this.#isFirst ? this.#adopt(there, state.last_seq) : standsAt(there, this.floor);
    } else if (this.#isFirst && this.#config === undefined) this.#choose(state.last_seq);
    let info = there;
    // What was handed to somebody who is gone would come in minutes, after all else.
    if (info === undefined || !isReady) {
      if (info !== undefined) await jsm.consumers.delete(stream, info.name);
      info = await jsm.consumers.add(stream, this.#newConfig());
      this.#name = info.name;
      // One that began at the same moment was faster, and has had messages of it.
      if (info.delivered.consumer_seq > 0) throw new BusyError();
    }
    if (this.#isFirst) this.lastSequence = info.num_pending === 0 ? 0 : state.last_seq;
    return info;
  }

  /** Says that the first consumer is in use: from now on the floor says where to continue. */
  begun(): void {
    this.#isFirst = false;
  }

  /** There is one receiver a consumer. The server says whether somebody asks it for messages. */
  async #checkIsFree(jsm: JetStreamManager, there: ConsumerInfo): Promise<void> {
    if (there.num_waiting > 0) throw new BusyError();
    if (!this.#isFirst) return;
    await delay(ASKING_TIME);
    const again = await infoOf(jsm, this.#options.stream, there.name);
    const isMoving = again?.delivered.consumer_seq !== there.delivered.consumer_seq;
    if (again === undefined || again.num_waiting > 0 || isMoving) throw new BusyError();
  }

  /** Begins where a consumer is that was there; gives whether it can be used as it is. */
  #adopt({ config, ack_floor, num_ack_pending }: ConsumerInfo, last: number): boolean {
    const { deliver_policy: policy, opt_start_seq: first = 1 } = config;
    const isUntouched = ack_floor.consumer_seq === 0;
    const isSequence = policy === "by_start_sequence";
    this.#config = config;
    this.isNew = isUntouched && (policy === "all" || isSequence && first === 1);
    this.floor = isUntouched ? (isSequence ? first - 1 : 0) : ack_floor.stream_seq;
    // It is of a stream that had more.
    if (this.floor > last && !isUntouched) {
      this.floor = 0;
      return false;
    }
    // Of some consumers it is not known where they began.
    return num_ack_pending === 0 || isUntouched && policy !== "all" && !isSequence;
  }

  #choose(last: number): void {
    const { from = "oldest" } = this.#options;
    this.isNew = from === "oldest";
    if (from === "new") this.floor = last;
    else if (from !== "oldest") this.floor = from.streamSequence - 1;
  }

  /** A consumer that begins after the floor; as the one before, if there was one. */
  #newConfig(): Partial<ConsumerConfig> {
    const { subject, consumer } = this.#options;
    const where: Partial<ConsumerConfig> = this.floor === 0
      ? { deliver_policy: "all" }
      : { deliver_policy: "by_start_sequence", opt_start_seq: this.floor + 1 };
    if (this.#config !== undefined) {
      const { opt_start_seq: _sequence, opt_start_time: _time, ...config } = this.#config;
      return { ...config, ...where };
    }
    return {
      ...subject !== undefined && subject !== ">" && { filter_subject: subject },
      replay_policy: "instant",
      ...where,
      ...consumer === undefined
        ? {
          ack_policy: "none",
          inactive_threshold: FORGET_TIME * NANOS,
          mem_storage: true,
          num_replicas: 1,
        }
        : {
          durable_name: consumer,
          ack_policy: "explicit",
          ack_wait: ACK_WAIT * NANOS,
          max_ack_pending: MOST_UNACKNOWLEDGED,
        },
    };
  }
}

/** Whether a consumer gives next what comes after the floor, and owes nothing of what was before. */
function standsAt({ config, delivered, num_ack_pending }: ConsumerInfo, floor: number): boolean {
  const { deliver_policy: policy, opt_start_seq: first } = config;
  if (num_ack_pending > 0) return false;
  if (delivered.consumer_seq > 0) return delivered.stream_seq === floor;
  return floor === 0 ? policy === "all" : policy === "by_start_sequence" && first === floor + 1;
}

/** What is known of a consumer; `undefined` if no consumer has that name. */
async function infoOf(
  jsm: JetStreamManager,
  stream: string,
  consumer: string,
): Promise<ConsumerInfo | undefined> {
  try {
    return await jsm.consumers.info(stream, consumer);
  } catch (error) {
    if (error instanceof Error && error.name === "ConsumerNotFoundError") return undefined;
    throw error;
  }
}

function checkConsumer({ name, config }: ConsumerInfo, { subject = ">" }: StreamOptions): void {
  const wrong = config.deliver_subject !== undefined
    ? "pushes its messages"
    : config.ack_policy === "none" && config.durable_name !== undefined
    ? "does not keep what is acknowledged"
    : (config.filter_subject || ">") !== subject
    ? `is of subject "${config.filter_subject || ">"}", not of "${subject}"`
    : undefined;
  if (wrong !== undefined) throw new StreamUnusableError(`consumer "${name}" ${wrong}`);
}
