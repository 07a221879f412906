/**
 * What the server tells a page: one type for each event of the stream.
 *
 * @module
 */

/** A log that can be chosen. */
export interface LogSummary {
  /** Its name, or its path. */
  name: string;
  /** The size in bytes of its segment, or of what is in its place; 0 if there is nothing. */
  size: number;
  /** Whether it is there, and a log. */
  isThere: boolean;
  /** Whether a writer of this library is at work. */
  isWriterAlive: boolean;
  /** When it was written last, in milliseconds since 1970, if it has no writer and that is known. */
  lastWrite?: number;
  /** Whether it has no writer because that has finished it. */
  isFinished?: true;
  /** Whether it has no writer because it is a copy: `save` or `watch` made it. */
  isSaved?: true;
  /** Of a file that the page reads itself: how many entries are in it. */
  entries?: number;
  /** Why it can't be looked at. */
  error?: string;
  /** Of the slots of a name, as one: how many they are. */
  parts?: number;
  /** Whether it is one of them. */
  isPart?: true;
}

/** What a list of logs leaves out. */
export interface Unlisted {
  /** How many logs. */
  count: number;
}

/** The start of a stream. */
export interface Hello {
  version: string;
  /** The log that is shown; `undefined` if no log is shown, or known yet. */
  log?: string;
  /** How many entries a second are sent at most. */
  mostEntries: number;
}

/**
 * An entry: its number, its text, its length in bytes if the text is only a part of it, and the log of
 * another machine that it is from.
 */
export type EntryRow = [number: number, text: string, bytes?: number | null, source?: string];

/** Entries, the oldest first. */
export interface Entries {
  rows: EntryRow[];
  /** How many that match were left out before these. */
  left: number;
  /** Whether they were there before the stream began. */
  isPast?: true;
}

/** How far the search through what is there has come, from 0 to 1. */
export interface Progress {
  done: number;
}

/** The state of the log: it is followed, not there (any more), or can't be read. */
export interface LogState {
  state: "live" | "missing" | "failed";
  /** Whether its writer has finished it, and its last entry was read. */
  isFinished?: true;
  /** Whether it is a copy, to which nothing comes; the server reads it. */
  isCopy?: true;
  /** Whether it is a file that the page reads itself: nothing comes. */
  isSaved?: true;
  /** What is missing of it, as a sentence, if it is a file that was cut off. */
  missing?: string;
  /** Why. */
  reason?: string;
  /** Which segment has the name, or had it last; "" before there was one. */
  segment: string;
}

/** One point of the chart. */
export interface Point {
  /** When, in milliseconds since 1970. */
  time: number;
  /** Entries written in a second. */
  entries: number;
  /** Bytes of payload written in a second. */
  bytes: number;
}

/** How things are now; rates are of the last second. */
export interface Stats extends Point {
  /** The number of the last entry written: how many were ever written. */
  last: number;
  /** How many were overwritten before the server could read them, since it follows the log. */
  lost: number;
  /** Entries a second that were compared with the filter. */
  examined: number;
  /** Entries a second that matched, as far as they were compared. */
  matched: number;
  /** Entries a second that were sent to this page. */
  sent: number;
  /** How many were not sent to this page because it took too long to take them. */
  dropped: number;
}

/** A part of the ring. Places are fractions of the ring, from 0 to 1. */
export interface Arc {
  /** Where it starts. */
  from: number;
  /** Where it ends. */
  to: number;
  /** How far it is filled, from `from` on. */
  filled: number;
  /** From 0, the newest, to 1, the oldest; -1 if nothing in it can be read. */
  age: number;
  /** Whether something in it is damaged. */
  isDamaged: boolean;
}

/** The ring as a picture. */
export interface RingPicture {
  arcs: Arc[];
  /** Where the writer is, from 0 to 1. */
  writer: number;
  /** Which arc it overwrites next; -1 if none that holds anything. */
  next: number;
  /** How many chunks there are: several may share an arc. */
  chunkCount: number;
  chunkSize: number;
  /** How many entries are there, and the number of the first. */
  entries: number;
  first: number;
  /** The number of the last one: how many were ever written, at the moment of this picture. */
  last: number;
  /** How many bytes they take. */
  bytesUsed: number;
  /** The size of the segment in bytes. */
  segmentSize: number;
  isWriterAlive: boolean;
  /** Whether the writer has finished the log. */
  isFinished: boolean;
  /** Whether it is a copy, which has no writer. */
  isCopy?: true;
  /** What contradicts the format: the first of it. */
  damage: string[];
}

/** Every event of the stream, by its name. */
export interface Messages {
  hello: Hello;
  logs: readonly LogSummary[];
  unlisted: Unlisted;
  state: LogState;
  history: readonly Point[];
  entries: Entries;
  progress: Progress;
  stats: Stats;
  ring: RingPicture;
}
