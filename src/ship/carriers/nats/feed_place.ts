/**
 * Where in a stream a feed is, and the consumer by which the server remembers that.
 *
 * @module
 */

import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import { StreamUnusableError } from "../../../errors.ts";
import { delay } from "../../../async.ts";
import { checkConsumer, infoOf, makeConsumer } from "./feed_consumer.ts";
import { BusyError, inUse } from "./feed_errors.ts";
import { isForbidden } from "./client.ts";
import type { FeedOptions } from "./feed_options.ts";
import type { HandledMessages } from "./handled.ts";

/** How long whoever has a consumer may take to ask it again, or to say that it is his, in milliseconds. */
const ASKING_TIME = 50;
/** And how many times as long as the server took for its last answer. */
const ASKING_ANSWERS = 4;
/** What the description of a consumer begins with that says whose it is. */
const CLAIM = "ouroboros receiver ";

/** The place of a feed in its stream. */
export class FeedPlace {
  /** Whether the consumer had acknowledged nothing before us: we see the stream from its start. */
  isNew = false;
  /** The number of the first message of the stream, as far as is known. */
  firstSequence = 0;
  /** The number of the last message that the stream had in the beginning; 0 if none was for us. */
  lastSequence = 0;
  readonly #options: FeedOptions;
  readonly #handled: HandledMessages;
  /** The config of the consumer that was there before us: it is kept when it is made anew. */
  #config: Partial<ConsumerConfig> | undefined;
  #created = "";
  /** What we wrote into the consumer; nothing if we may not, or somebody else has described it. */
  #claimed = "";
  #isFirst = true;

  /** Begins nowhere; what is handled moves it. */
  constructor(options: FeedOptions, handled: HandledMessages) {
    this.#options = options;
    this.#handled = handled;
  }

  /**
   * Finds or makes a consumer that gives what comes after all that was handled.
   *
   * @throws {BusyError} if somebody else asks it for messages, or did so a moment ago
   * @throws {StreamUnusableError} if it, or the stream, is not what we need
   */
  async find(jsm: JetStreamManager): Promise<ConsumerInfo> {
    const { stream, consumer } = this.#options;
    const handled = this.#handled;
    const { created, state, config } = await jsm.streams.info(stream);
    if (consumer !== undefined && config.retention !== "limits") {
      throw new StreamUnusableError(
        `stream "${stream}" has retention "${config.retention}": a consumer that keeps its place ` +
          'needs one that keeps its messages, "limits"',
      );
    }
    // Another stream of this name, or one of which the server lost the end with its machine: it gives
    // the same numbers once more, so all is looked at again. What was there before is known by its own.
    const isOther = created !== this.#created || handled.floor > state.last_seq;
    if (!this.#isFirst && isOther) handled.floor = 0;
    this.#created = created;
    this.firstSequence = state.first_seq;
    const there = consumer === undefined ? undefined : await infoOf(jsm, stream, consumer);
    let isClean = false;
    if (there !== undefined) {
      checkConsumer(there, this.#options);
      // Somebody has begun while we had nothing to ask for.
      this.#throwIfTaken(there);
      if (there.num_waiting > 0) throw new BusyError();
      const ours = this.#isFirst ? await this.#claim(jsm, there) : there;
      isClean = this.#isFirst && this.#adopt(ours, state.last_seq);
    } else if (this.#isFirst) this.#choose(state.last_seq);
    let info = there;
    // What was on its way to somebody who is gone would come in minutes, after all else. One that we
    // have just made, and were not told of in time, is not made again: a cluster takes seconds for it.
    if (info === undefined || !isClean && !beginsAfter(info, handled.floor)) {
      if (info !== undefined) await jsm.consumers.delete(stream, info.name);
      info = await makeConsumer(jsm, this.#options, this.#config, handled.floor);
      // Somebody else may have found it missing in the same moment.
      if (there === undefined && consumer !== undefined && this.#isFirst) {
        this.#config = (await this.#claim(jsm, info)).config;
      }
    }
    if (this.#isFirst) {
      this.lastSequence = info.num_pending === 0 ? 0 : state.last_seq;
    }
    return info;
  }

  /** Says that the first consumer is in use: from now on what was handled tells where to go on. */
  begun(): void {
    this.#isFirst = false;
  }

  /**
   * Makes sure that nobody else uses a consumer, or begins to at this moment: of those, who is the last
   * to write into it whose it is has it, and the others see that a moment later. Gives what it is then.
   *
   * @throws {BusyError} if somebody else uses it
   */
  async #claim(jsm: JetStreamManager, there: ConsumerInfo): Promise<ConsumerInfo> {
    const found = await this.#lookAgain(jsm, there, 0);
    const { description = "" } = found.config;
    this.#claimed = "";
    // What others describe stays as it is.
    if (description !== "" && !description.startsWith(CLAIM)) return found;
    const claim = `${CLAIM}${crypto.randomUUID()}`;
    const since = performance.now();
    try {
      await jsm.consumers.update(this.#options.stream, found.name, { description: claim });
    } catch (error) {
      // Who may not write has looked, at least.
      if (isForbidden(error)) return found;
      throw error;
    }
    this.#claimed = claim;
    return await this.#lookAgain(jsm, found, performance.now() - since);
  }

  /** Looks at a consumer a moment later: between two requests there is a moment without any. */
  async #lookAgain(
    jsm: JetStreamManager,
    before: ConsumerInfo,
    answerTime: number,
  ): Promise<ConsumerInfo> {
    await delay(ASKING_TIME + ASKING_ANSWERS * answerTime);
    const again = await infoOf(jsm, this.#options.stream, before.name);
    if (again === undefined || again.num_waiting > 0 || hasMoved(before, again)) {
      throw new BusyError();
    }
    this.#throwIfTaken(again);
    return again;
  }

  /** Throws if somebody has said after us that a consumer is his. */
  #throwIfTaken({ config: { description = "" } }: ConsumerInfo): void {
    const isTaken = description !== this.#claimed && description.startsWith(CLAIM);
    if (this.#claimed !== "" && isTaken) throw inUse(this.#options);
  }

  /** Goes on where a consumer is that was there; gives whether it can be used as it is. */
  #adopt({ config, ack_floor, num_ack_pending }: ConsumerInfo, last: number): boolean {
    const { deliver_policy: policy, opt_start_seq: first = 1 } = config;
    const handled = this.#handled;
    const isUntouched = ack_floor.consumer_seq === 0;
    const isSequence = policy === "by_start_sequence";
    this.#config = config;
    this.isNew = isUntouched && (policy === "all" || isSequence && first === 1);
    handled.floor = isUntouched ? (isSequence ? first - 1 : 0) : ack_floor.stream_seq;
    // It is of a stream that had more.
    if (handled.floor > last && !isUntouched) {
      handled.floor = 0;
      return false;
    }
    // Of some consumers it is not known where they began.
    return num_ack_pending === 0 || isUntouched && policy !== "all" && !isSequence;
  }

  /** Begins where a consumer of ours is to begin. */
  #choose(last: number): void {
    const { start = "oldest" } = this.#options;
    this.isNew = start === "oldest";
    if (start === "latest") this.#handled.floor = last;
    else if (start !== "oldest") this.#handled.floor = start.streamSequence - 1;
  }
}

/** Whether a consumer has given nothing yet, and begins after that number of the stream. */
function beginsAfter(info: ConsumerInfo, floor: number): boolean {
  const { config, delivered, ack_floor } = info;
  const { deliver_policy: policy, opt_start_seq: first } = config;
  return delivered.consumer_seq === 0 && ack_floor.consumer_seq === 0 &&
    (floor === 0 ? policy === "all" : policy === "by_start_sequence" && first === floor + 1);
}

/** Whether somebody was given messages meanwhile, or has acknowledged some. */
function hasMoved(before: ConsumerInfo, after: ConsumerInfo): boolean {
  return before.delivered.consumer_seq !== after.delivered.consumer_seq ||
    before.num_ack_pending !== after.num_ack_pending;
}
