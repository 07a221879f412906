/** Where the page has entries from: a server, or a file. */

import type { Found } from "../find_entries.ts";
import type { Messages } from "../messages.ts";
import type { Timeline } from "../timeline.ts";
import type { Answer } from "./ask.ts";

/** From when to when, in milliseconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** What is asked for. */
export interface Request {
  /** The log; nothing: whichever there is. */
  log: string | undefined;
  /** The question; "" for none. */
  where: string;
  level: string;
  span: Span | undefined;
  /** Whether entries are requested. */
  entries: boolean;
  /** The place of the last entry that is here. */
  after: string;
}

/** What is done with each kind of message. */
export type Handlers = { [K in keyof Messages]: (data: Messages[K]) => void };

/** How the source is. */
export type ConnectionState = "open" | "waiting" | "refused";

/** Which entries are shown, whenever they are from. */
export interface Shown {
  log: string;
  /** The question; "" for none. */
  where: string;
  /** The least level; "" for none. */
  level: string;
}

/** A source of entries. */
export interface Source {
  /** Asks for something, and for nothing else any more: what there is comes as messages. */
  open(request: Request): void;
  /** Asks for nothing any more. */
  close(): void;
  /** How entries spread over time; `undefined` if there is no answer. */
  timeline(shown: Shown, signal: AbortSignal): Promise<Answer<Timeline> | undefined>;
  /** An entry, and so many before and after it; `undefined` if there is no answer. */
  around(log: string, seq: number, context: number): Promise<Answer<Found> | undefined>;
}
