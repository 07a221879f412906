/**
 * Where the last messages of a stream begin.
 *
 * @module
 */

import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsLink } from "./connect.ts";
import { explained } from "./nats_receiver.ts";
import { jetstreamPackage } from "./client.ts";

/** A place in a stream, and how many messages from there on are not wanted. */
export interface LastMessages {
  /** The number of a message of the stream. */
  readonly streamSequence: number;
  /** How many messages there are from it on before the last ones. */
  readonly excess: number;
}

/**
 * Finds the last `count` messages of a stream that are of a subject.
 *
 * @throws {StreamUnusableError} if there is no such stream
 */
export async function lastMessages(
  link: NatsLink,
  { stream, subject, domain }: { stream: string; subject?: string; domain?: string },
  count: number,
): Promise<LastMessages> {
  try {
    const { jetstreamManager } = await jetstreamPackage();
    const jsm = await jetstreamManager(link.client, {
      checkAPI: false,
      ...domain !== undefined && { domain },
    });
    const { first_seq: first, last_seq: last } = (await jsm.streams.info(stream)).state;
    // Others may be in between: so it is looked further back each time.
    for (let distance = count;; distance *= 8) {
      const from = Math.max(first, last - distance + 1, 1);
      const found = await countFrom(jsm, stream, subject, from);
      if (found >= count || from <= first) {
        return { streamSequence: from, excess: Math.max(0, found - count) };
      }
    }
  } catch (error) {
    throw explained(error, { stream });
  }
}

/** How many messages of a subject there are from a number of the stream on. */
async function countFrom(
  jsm: JetStreamManager,
  stream: string,
  subject: string | undefined,
  sequence: number,
): Promise<number> {
  const { name, num_pending } = await jsm.consumers.add(stream, {
    ...subject !== undefined && subject !== ">" && { filter_subject: subject },
    deliver_policy: "by_start_sequence",
    opt_start_seq: sequence,
    ack_policy: "none",
    inactive_threshold: 5e9,
    mem_storage: true,
    num_replicas: 1,
  });
  // If that is not permitted, the server forgets it in a moment.
  await jsm.consumers.delete(stream, name).catch(() => {});
  return num_pending;
}
