/**
 * The consumers of a stream, by which the server remembers who has got what.
 *
 * @module
 */

import type { ConsumerConfig, ConsumerInfo, JetStreamManager } from "@nats-io/jetstream";
import { StreamUnusableError } from "../../../errors.ts";
import type { FeedOptions } from "./feed_options.ts";

/** How long the server waits for an acknowledgement, in milliseconds: a restart does not wait for it. */
const ACK_WAIT = 300_000;
/** How many messages may wait for that: more than are ever held back or on their way. */
const MOST_UNACKNOWLEDGED = 1 << 18;
/** After how long without us the server forgets a consumer that has no name, in milliseconds. */
const FORGET_TIME = 60_000;
const NANOS = 1e6;

/**
 * Makes a consumer, which begins after message `after` of the stream; as `before` was, if there was one
 * of its name.
 */
export function makeConsumer(
  jsm: JetStreamManager,
  { stream, subject, consumer }: FeedOptions,
  before: Partial<ConsumerConfig> | undefined,
  after: number,
): Promise<ConsumerInfo> {
  const where: Partial<ConsumerConfig> = after === 0
    ? { deliver_policy: "all" }
    : { deliver_policy: "by_start_sequence", opt_start_seq: after + 1 };
  if (before !== undefined) {
    const { opt_start_seq: _sequence, opt_start_time: _time, ...config } = before;
    return jsm.consumers.add(stream, { ...config, ...where });
  }
  const common: Partial<ConsumerConfig> = {
    ...subject !== undefined && subject !== ">" && { filter_subject: subject },
    replay_policy: "instant",
    ...where,
  };
  return jsm.consumers.add(
    stream,
    consumer === undefined
      ? {
        ...common,
        ack_policy: "none",
        inactive_threshold: FORGET_TIME * NANOS,
        mem_storage: true,
        num_replicas: 1,
      }
      : {
        ...common,
        durable_name: consumer,
        ack_policy: "explicit",
        ack_wait: ACK_WAIT * NANOS,
        max_ack_pending: MOST_UNACKNOWLEDGED,
      },
  );
}

/** What is known of a consumer; `undefined` if there is none of that name. */
export async function infoOf(
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

/** Throws if a consumer that is there is not what we need. */
export function checkConsumer(
  { name, config }: ConsumerInfo,
  { subject = ">" }: FeedOptions,
): void {
  const wrong = config.deliver_subject !== undefined
    ? "pushes its messages"
    : config.ack_policy === "none"
    ? "does not keep what is acknowledged"
    : (config.filter_subject || ">") !== subject
    ? `is of subject "${config.filter_subject || ">"}", not of "${subject}"`
    : undefined;
  if (wrong !== undefined) throw new StreamUnusableError(`consumer "${name}" ${wrong}`);
}
