/**
 * What goes wrong with a stream or its consumer: for now, or for good.
 *
 * @module
 */

import { NatsRefusedError, OuroborosError, StreamUnusableError } from "../../../errors.ts";
import type { FeedOptions } from "./feed_options.ts";
import { isForbidden, NOT_YET } from "./client.ts";

/** There is no consumer of that name yet, and a moment later there is. */
const MADE_MEANWHILE = [10013, 10105, 10148];
const PASSING = [...NOT_YET, ...MADE_MEANWHILE];

/** Somebody else asks the consumer for messages, or did so a moment ago. */
export class BusyError extends Error {}

/** What is said of it in the end. */
export function inUse({ stream, consumer }: FeedOptions): StreamUnusableError {
  return new StreamUnusableError(
    `consumer "${consumer}" of stream "${stream}" is used by another receiver`,
  );
}

/** Whether the next attempt may fare better. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || isForbidden(error)) return false;
  const { code } = error as { code?: unknown };
  return /^(TimeoutError|RequestError|ClosedConnectionError|DrainingConnectionError|NoResponders.*)$/
    .test(error.name) ||
    // The server comes up, or somebody else was quicker: it is looked at anew.
    (error.name === "JetStreamApiError" &&
      (PASSING.includes(Number(code)) || error.message.includes("can not be updated"))) ||
    error.name === "ConsumerNotFoundError";
}

/** Whether nobody listens to what JetStream listens to. */
export function hasNoResponder(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name.startsWith("NoResponders") || hasNoResponder(error.cause);
}

/** What went wrong, in the words of those who use this. */
export function explained(error: unknown, { stream, consumer }: FeedOptions): unknown {
  if (!(error instanceof Error) || error instanceof OuroborosError) return error;
  if (isForbidden(error)) {
    return new NatsRefusedError(`the NATS server refuses: ${error.message}`, { cause: error });
  }
  const what = error.name === "StreamNotFoundError"
    ? `there is no stream "${stream}"`
    : consumer === undefined
    ? `stream "${stream}" can't be read: ${error.message}`
    : `consumer "${consumer}" of stream "${stream}" can't be had: ${error.message}`;
  return new StreamUnusableError(what, { cause: error });
}
