/**
 * Which messages of a stream are wanted.
 *
 * @module
 */

/** Where a consumer that is not there yet begins. */
export type FeedStart = "oldest" | "latest" | { readonly streamSequence: number };

/** Which messages are wanted. */
export interface FeedOptions {
  /** The name of the stream. */
  readonly stream: string;
  /** Only of these subjects; wildcards are allowed. Default: all. */
  readonly subject?: string;
  /**
   * The name of a durable consumer, which keeps the place of what is acknowledged. Without one there
   * is a consumer for this feed only, and nothing is acknowledged.
   */
  readonly consumer?: string;
  /** Where to begin if there is no such consumer. Default `"oldest"`. */
  readonly start?: FeedStart;
  /** The domain of JetStream, if there is one. */
  readonly domain?: string;
  /** What the subjects of answers begin with. Default `"_INBOX"`. */
  readonly inboxPrefix?: string;
  /** How many messages may be on their way or wait here. Default 4096. */
  readonly window?: number;
}
